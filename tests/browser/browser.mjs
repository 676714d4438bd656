// Chromium, started for one test file, with everything that leaves a page and everything it complains of
// written down.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium: CHROME, else Debian's. */
export async function launch() {
  const executablePath = process.env.CHROME || '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new Error(`${executablePath} is missing: set CHROME`);
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** Opens a page in a fresh profile; `options` go to the browser context. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  const traffic = await watchTraffic(context, page);
  const complaints = watchComplaints(page);
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.violatedDirective} blocked ${event.blockedURI}`);
    });
  });
  await page.goto(url);
  return { context, page, traffic, complaints };
}

/**
 * Every request of the page and of its workers. Bodies are counted as the browser's network stack reports
 * them, and once more as they pass the route in front of it: the larger number counts.
 */
async function watchTraffic(context, page) {
  const requests = [];
  const routed = [];
  await context.route('**/*', async (route) => {
    const request = route.request();
    const body = request.postDataBuffer();
    routed.push({ method: request.method(), url: request.url(), body });
    await route.continue();
  });
  const session = await context.newCDPSession(page);
  await session.send('Network.enable', { maxPostDataSize: 1 << 26 });
  session.on('Network.requestWillBeSent', ({ request }) => {
    const entries = request.postDataEntries ?? [];
    const bodyBytes = entries.reduce((sum, { bytes }) => sum + Buffer.from(bytes ?? '', 'base64').length, 0);
    requests.push({ method: request.method, url: request.url, bodyBytes, hasBody: !!request.hasPostData });
  });
  session.on('Network.webSocketCreated', ({ url }) => requests.push({ method: 'WEBSOCKET', url, bodyBytes: Infinity }));
  return {
    requests,
    routed,
    /** Bytes of request bodies that have left the page. */
    bodyBytes() {
      const seen = requests.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
      const passed = routed.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);
      return Math.max(seen, passed);
    },
    /** Requests that carried a body. */
    sent() {
      return routed.filter(({ method }) => method !== 'GET');
    },
  };
}

function watchComplaints(page) {
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

/** Drops a file on the page by the browser's own drag and drop. */
export async function drop(page, file) {
  const session = await page.context().newCDPSession(page);
  const { x, y, width, height } = await page.locator('#drop').boundingBox();
  const data = { items: [], files: [file], dragOperationsMask: 1 };
  const at = { x: x + width / 2, y: y + height / 2, data };
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await session.send('Input.dispatchDragEvent', { type, ...at });
  }
  await session.detach();
}

/** Waits for the end of the work on the page and reads what it shows. */
export async function outcome(page, timeout = 120_000) {
  await page.waitForSelector('html[data-state=answered], html[data-state=failed]', { timeout });
  const card = page.locator('#decision');
  const read = (name) => card.getAttribute(name);
  return {
    outcome: await read('data-outcome'),
    recordingId: await read('data-recording-id'),
    errorCode: await read('data-error-code'),
    word: await page.locator('#decision-word').innerText(),
    why: await page.locator('#decision-why').innerText(),
    title: (await page.locator('.recording-title').allInnerTexts())[0] ?? null,
    /** As the page shows them: {'Read and decode': '148 ms'}. */
    steps: Object.fromEntries(
      await page.locator('.step').evaluateAll((rows) =>
        rows.map((row) => ['.step-name', '.step-ms'].map((part) => row.querySelector(part).textContent)),
      ),
    ),
  };
}
