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

/** Flags by which its microphone hears a WAV file, once, and every page may use it and play. */
export function microphone(wav) {
  return [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-audio-capture=${wav}%noloop`,
    '--autoplay-policy=no-user-gesture-required',
  ];
}

/** Starts Chromium: CHROME, else Debian's; with `more` flags. */
export async function launch(more = []) {
  const executablePath = process.env.CHROME || '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new Error(`${executablePath} is missing: set CHROME`);
  return chromium.launch({ executablePath, headless: true, args: [...FLAGS, ...more] });
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
 * Every request of the page and of its workers. A body is counted three times, for each way misses some:
 * its bytes as the page hands them over, its bytes as they pass the route in front of the network, and the
 * Content-Length that the network stack writes. The largest counts; one of unknown size is infinite.
 */
async function watchTraffic(context, page) {
  const routed = [];
  const bodies = new Map();
  const note = (key, bytes) => bodies.set(key, Math.max(bodies.get(key) ?? 0, bytes));
  await context.route('**/*', async (route) => {
    const request = route.request();
    const body = request.postDataBuffer();
    routed.push({ method: request.method(), url: request.url(), body });
    await route.continue();
  });
  context.on('request', (request) => {
    if (!['GET', 'HEAD', 'OPTIONS'].includes(request.method())) note(request, sizeOf(request));
  });
  page.on('websocket', (socket) => note(socket, Infinity));
  const session = await context.newCDPSession(page);
  await session.send('Network.enable', { maxPostDataSize: 1 << 26 });
  const sums = { headers: 0 };
  // What the page sends without a body, by the browser's own word: "POST http://…".
  const empty = new Set();
  session.on('Network.requestWillBeSent', ({ request: { method, url, hasPostData } }) => {
    if (!hasPostData) empty.add(`${method} ${url}`);
    else empty.delete(`${method} ${url}`);
  });
  session.on('Network.requestWillBeSentExtraInfo', ({ headers }) => {
    const length = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-length');
    sums.headers += Number(length?.[1] ?? 0);
  });
  return {
    routed,
    /** Bytes of request bodies that have left the page. */
    bodyBytes() {
      const isEmpty = (request) => empty.has(`${request.method?.()} ${request.url()}`);
      const sizes = [...bodies].map(([request, bytes]) => (bytes === Infinity && isEmpty(request) ? 0 : bytes));
      const handed = sizes.reduce((sum, bytes) => sum + bytes, 0);
      return Math.max(handed, sums.headers);
    },
    /** Requests that carried a body. */
    sent() {
      return routed.filter(({ method }) => method !== 'GET');
    },
  };
}

/** Bytes of a request's body; a body that the browser does not show may have any size. */
function sizeOf(request) {
  const length = request.headers()['content-length'];
  return request.postDataBuffer()?.length ?? (length === undefined ? Infinity : Number(length));
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
  const zone = page.locator('#drop');
  await zone.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await zone.boundingBox();
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
