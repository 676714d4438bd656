// Both methods in Chromium, against a real server: shared, offered, bought, opened, and no audio sent.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { wav } from '../../wasm/npm/test/vectors.mjs';
import { launch, open } from './browser.mjs';
import { scratch, serve } from './service.mjs';

const PACKAGE = fileURLToPath(new URL('../../wasm/npm/', import.meta.url));
const PAGE = `<!doctype html><title>sharing</title><link rel="icon" href="/icon.svg">
  <input type="file" id="file"><script type="module" src="/main.js"></script>`;
const SCRIPT = `import { essence } from '/onmon/dist/browser.js';
  import { open, openRange } from '/onmon/dist/sealed-entry.js';
  import * as sharing from '/onmon/dist/sharing-browser.js';
  import { readTag, stripTag } from '/onmon/dist/tag-browser.js';
  globalThis.onmon = { essence, open, openRange, readTag, stripTag, ...sharing };`;

/** What Chromium says of an answer that asks for a challenge, which is no fault. */
const CHALLENGED = /status of 428/;

/** Fingerprints, digests and ids: far below a second of audio. */
const SENT_BYTES_MAX = 20_000;

for (const words of [[], ['--challenge-required']]) {
  describe(`sharing in Chromium ${words.join(' ')}`, () => {
    let browser;
    let folder;
    let server;
    let page;
    let context;
    let complaints;
    let tokens;

    before(async () => {
      folder = scratch();
      const root = join(folder.path, 'root');
      mkdirSync(root);
      for (const part of ['dist', 'pkg']) cpSync(join(PACKAGE, part), join(root, 'onmon', part), { recursive: true });
      writeFileSync(join(root, 'index.html'), PAGE);
      writeFileSync(join(root, 'main.js'), SCRIPT);
      writeFileSync(join(root, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
      const file = join(folder.path, 'song.wav');
      writeFileSync(file, song());
      const about = { file, recordingId: 'song', title: 'A song', artist: 'Somebody', rights: 'entrusted' };
      server = await serve(folder.path, [about], { root, words: ['--open-registration', ...words] });
      browser = await launch();
      ({ context, page, complaints } = await open(browser, server.url));
      await page.waitForFunction(() => globalThis.onmon);
      await page.setInputFiles('#file', file);
      tokens = { sharer: await account('sharer'), buyer: await account('buyer') };
    });

    after(async () => {
      await context?.close();
      await browser?.close();
      await server?.close();
      folder?.close();
    });

    async function account(name) {
      const body = JSON.stringify({ name });
      const headers = { 'content-type': 'application/json' };
      const made = await fetch(`${server.url}/v1/accounts`, { method: 'POST', headers, body });
      const { api_key } = await made.json();
      return page.evaluate(async (key) => (await globalThis.onmon.signIn(key)).token, api_key);
    }

    /** Bytes of request bodies while `work` runs. */
    async function sentDuring(work) {
      let bytes = 0;
      const count = (request) => (bytes += request.postDataBuffer()?.length ?? 0);
      page.on('request', count);
      try {
        await work();
      } finally {
        page.off('request', count);
      }
      return bytes;
    }

    test('a tagged file: shared, offered, bought, bought again for nothing', async () => {
      const sent = await sentDuring(async () => {
        const seen = await page.evaluate(async ({ sharer, buyer }) => {
          const { share, offer, purchase, readTag, stripTag } = globalThis.onmon;
          const [file] = document.getElementById('file').files;
          const steps = new Set();
          const onProgress = (step) => steps.add(step);
          const shared = await share(file, { method: 'tag', token: sharer, onProgress });
          const tag = await readTag(shared.file);
          const offered = await offer(shared.file);
          const bought = await purchase(shared.file, { token: buyer });
          const again = await purchase(shared.file, { token: buyer });
          const [old, stripped] = await Promise.all(
            [file, await stripTag(shared.file)].map(async (blob) => new Uint8Array(await blob.arrayBuffer())),
          );
          return {
            decision: shared.decision,
            steps: [...steps],
            samePermit: tag.claims.permitId === shared.permitId && offered.permitId === shared.permitId,
            title: offered.recordings[0].title,
            sen: offered.price.sen,
            repeated: [bought.repeated, again.repeated],
            unlocksFor: bought.release.claims.expiresMs - Date.now(),
            strippedIsOld: old.every((byte, at) => byte === stripped[at]) && old.length === stripped.length,
          };
        }, tokens);
        assert.equal(seen.decision, 'permit');
        assert.deepEqual(seen.steps, ['essence', 'fingerprint', 'write']);
        assert.ok(seen.samePermit && seen.strippedIsOld);
        assert.equal(seen.title, 'A song');
        assert.ok(seen.sen > 0);
        assert.deepEqual(seen.repeated, [false, true]);
        assert.ok(seen.unlocksFor > 0);
      });
      assert.ok(sent > 500 && sent < SENT_BYTES_MAX, `${sent} bytes sent`);
      assert.deepEqual(complaints.filter((line) => !CHALLENGED.test(line)), []);
    });

    test('a sealed file: opens with the key that was bought, also in the middle', async () => {
      const sent = await sentDuring(async () => {
        const seen = await page.evaluate(async ({ sharer, buyer }) => {
          const { share, offer, purchase, open, openRange } = globalThis.onmon;
          const [file] = document.getElementById('file').files;
          const plain = new Uint8Array(await file.arrayBuffer());
          const shared = await share(file, { method: 'drm', token: sharer });
          const offered = await offer(shared.file);
          const { key, repeated } = await purchase(shared.file, { token: buyer });
          const opened = new Uint8Array(await (await open(shared.file, key)).arrayBuffer());
          const piece = await openRange(shared.file, key, 100_000, 200_000);
          const wrong = await open(shared.file, new Uint8Array(16)).catch((error) => error.code);
          return {
            method: offered.method,
            repeated,
            whole: opened.length === plain.length && opened.every((byte, at) => byte === plain[at]),
            piece: piece.length === 100_000 && piece.every((byte, at) => byte === plain[100_000 + at]),
            wrong,
          };
        }, tokens);
        assert.deepEqual(seen, { method: 'drm', repeated: false, whole: true, piece: true, wrong: 'seal_altered' });
      });
      assert.ok(sent > 500 && sent < SENT_BYTES_MAX, `${sent} bytes sent`);
      assert.deepEqual(complaints.filter((line) => !CHALLENGED.test(line)), []);
    });

    test('a file that was not shared, and a token that is none', async () => {
      const codes = await page.evaluate(async () => {
        const { offer, share } = globalThis.onmon;
        const [file] = document.getElementById('file').files;
        const code = (error) => `${error.code} ${error.problem ?? ''}`.trim();
        return [
          await offer(file).catch(code),
          await share(file, { method: 'tag', token: 'nobody' }).catch(code),
        ];
      });
      assert.equal(codes[0], 'not_shared');
      assert.match(codes[1], /^server_refused \w+$/);
    });
  });
}

/** Chords that change every 150 ms, 45 s of them. */
function song() {
  const rateHz = 16_000;
  const pcm = new Int16Array(rateHz * 45);
  let state = 12_345;
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 8;
  let notes = [440, 550, 660];
  for (let at = 0; at < pcm.length; at += 1) {
    if (at % (rateHz * 0.15) === 0) notes = notes.map(() => 250 + (next() % 3_000));
    pcm[at] = notes.reduce((sum, hz) => sum + 6_000 * Math.sin((2 * Math.PI * hz * at) / rateHz), next() % 400);
  }
  return wav({ rateHz, channels: 1, pcm });
}
