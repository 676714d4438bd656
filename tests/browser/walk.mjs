// Both methods walked through in Chromium with a real song and a real server: how long each step takes, how
// many requests it makes and how many bytes leave the page. One JSON object a line, for `cargo xtask bench
// sharing`.
//
//   MUSIC=DIR node tests/browser/walk.mjs

import { statSync } from 'node:fs';

import { launch, open } from './browser.mjs';
import { bundle } from './bundle.mjs';
import { tracks } from './music.mjs';
import { account, scratch, serve } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

const PAGE = `<!doctype html><title>walk</title><link rel="icon" href="/icon">
  <input type="file" id="file"><script type="module" src="/onmon/dist/page.js"></script>`;

/** The first of them loads worker and modules, and is told by itself. */
const ROUNDS = 10;

const folder = scratch();
const [song] = tracks(1);
const pages = { '/': PAGE, '/icon': '', '/onmon/dist/page.js': await bundle('walk-page.js') };
const site = await serveFiles({
  folders: { '/onmon/': PACKAGE },
  pages,
  policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:*",
});
const about = { file: song, recordingId: 'song', title: 'A song', artist: 'Somebody', rights: 'entrusted' };
const server = await serve(folder.path, [about], { words: ['--open-registration', '--cors-origin', site.url] });
const browser = await launch();
try {
  for (const method of ['tag', 'drm']) await walk(method);
} finally {
  await browser.close();
  await server.close();
  await site.close();
  folder.close();
}

/** In a fresh page for each method, so that its first round is a first visit. */
async function walk(method) {
  const { context, page, traffic } = await open(browser, site.url);
  await page.waitForFunction(() => globalThis.walk);
  await page.setInputFiles('#file', song);
  const asked = { server: server.url, method };
  for (const step of ['share', 'offer', 'purchase', 'play']) {
    const ms = [];
    let sent;
    for (let round = 0; round < ROUNDS; round += 1) {
      // A buyer of its own each time: bought again it would cost nothing and take less.
      const token = await account(server.url, `${method} ${step} ${round}`);
      const before = { bytes: traffic.bodyBytes(), requests: toServer(traffic) };
      ms.push(await page.evaluate(([name, given]) => globalThis.walk.step(name, given), [step, { ...asked, token }]));
      sent = { bytes: traffic.bodyBytes() - before.bytes, requests: toServer(traffic) - before.requests };
    }
    const [first, ...others] = ms;
    others.sort((one, other) => one - other);
    const line = { method, step, first_ms: first, p50_ms: others[Math.floor(others.length / 2)], max_ms: others.at(-1), ...sent };
    process.stdout.write(`${JSON.stringify({ ...line, file_bytes: statSync(song).size })}\n`);
  }
  await context.close();
}

/** Requests of the page to the server, without those that a browser makes by itself to ask whether it may. */
function toServer({ routed }) {
  return routed.filter(({ method, url }) => url.startsWith(server.url) && method !== 'OPTIONS').length;
}
