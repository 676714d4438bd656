// Both methods in Chromium, against a real server: shared, offered, bought, opened, and no audio sent.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { wav } from '../../wasm/npm/test/vectors.mjs';
import { launch, open } from './browser.mjs';
import { register, scratch, serve } from './service.mjs';
import { PACKAGE } from './site.mjs';

const PAGE = `<!doctype html><title>sharing</title><link rel="icon" href="/icon.svg">
  <input type="file" id="file" multiple><script type="module" src="/main.js"></script>`;
const SCRIPT = `import { essence, fingerprint } from '/onmon/dist/browser.js';
  import { open, openRange } from '/onmon/dist/sealed-entry.js';
  import * as sharing from '/onmon/dist/sharing-browser.js';
  import { readTag, stripTag, writeTag } from '/onmon/dist/tag-browser.js';
  globalThis.onmon = { essence, fingerprint, open, openRange, readTag, stripTag, writeTag, ...sharing };`;

/** What Chromium says of an answer that asks for a challenge, which is no fault. */
const CHALLENGED = /status of 428/;

/** Fingerprints, digests and ids: far below a second of audio. */
const SENT_BYTES_MAX = 20_000;

/** The one request more that a recheck is. */
const RECHECK_BYTES_MAX = 2_048;

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
      const files = ['song', 'other'].map((name) => join(folder.path, `${name}.wav`));
      files.forEach((file, at) => writeFileSync(file, song(at + 1)));
      const about = { title: 'A song', artist: 'Somebody', rights: 'entrusted' };
      const songs = files.map((file, at) => ({ ...about, file, recordingId: `song-${at + 1}` }));
      server = await serve(folder.path, songs, { root, words: ['--open-registration', ...words] });
      browser = await launch();
      ({ context, page, complaints } = await open(browser, server.url));
      await page.waitForFunction(() => globalThis.onmon);
      await page.setInputFiles('#file', files);
      tokens = { sharer: await account('sharer'), buyer: await account('buyer') };
    });

    after(async () => {
      await context?.close();
      await browser?.close();
      await server?.close();
      folder?.close();
    });

    async function account(name) {
      return page.evaluate(async (key) => (await globalThis.onmon.signIn(key)).token, await register(server.url, name));
    }

    /** Bytes of request bodies while `work` runs: of all, and of each recheck. */
    async function sentDuring(work) {
      const sent = { bytes: 0, rechecks: [] };
      const count = (request) => {
        const bytes = request.postDataBuffer()?.length ?? 0;
        sent.bytes += bytes;
        if (request.url().endsWith('/recheck')) sent.rechecks.push(bytes);
      };
      page.on('request', count);
      try {
        await work();
      } finally {
        page.off('request', count);
      }
      return sent;
    }

    /** Little was sent, and one recheck with it. */
    function assertSentLittle({ bytes, rechecks }) {
      assert.ok(bytes > 500 && bytes < SENT_BYTES_MAX, `${bytes} bytes sent`);
      assert.equal(rechecks.length, 1);
      assert.ok(rechecks[0] > 500 && rechecks[0] < RECHECK_BYTES_MAX, `${rechecks[0]} bytes for a recheck`);
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
          const again = await purchase(shared.file, { token: buyer, recheck: false });
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
            recheck: [await bought.recheck, await again.recheck],
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
        assert.deepEqual(seen.recheck, ['same', null]);
        assert.ok(seen.unlocksFor > 0);
      });
      assertSentLittle(sent);
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
          const { key, repeated, recheck } = await purchase(shared.file, { token: buyer });
          const opened = new Uint8Array(await (await open(shared.file, key)).arrayBuffer());
          const piece = await openRange(shared.file, key, 100_000, 200_000);
          const wrong = await open(shared.file, new Uint8Array(16)).catch((error) => error.code);
          return {
            method: offered.method,
            repeated,
            recheck: await recheck,
            whole: opened.length === plain.length && opened.every((byte, at) => byte === plain[at]),
            piece: piece.length === 100_000 && piece.every((byte, at) => byte === plain[100_000 + at]),
            wrong,
          };
        }, tokens);
        assert.deepEqual(seen, { method: 'drm', repeated: false, recheck: 'same', whole: true, piece: true, wrong: 'seal_altered' });
      });
      assertSentLittle(sent);
      assert.deepEqual(complaints.filter((line) => !CHALLENGED.test(line)), []);
    });

    const needsNone = { skip: words.length > 0 && 'the forger here answers no challenge' };
    test('a forged upload is found by who buys it', needsNone, async () => {
      const found = await page.evaluate(async ({ sharer, buyer }) => {
        const { essence, fingerprint, purchase, writeTag } = globalThis.onmon;
        const [file, other] = document.getElementById('file').files;
        const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
        // The permit for one song, its tag bound to and written into another, or into noise.
        const forged = async (victim) => {
          const query = new URLSearchParams({ method: 'tag', essence: hex((await essence(victim)).digest) });
          const headers = {
            authorization: `Bearer ${sharer}`,
            'content-type': 'application/vnd.onmon.fingerprint',
            'idempotency-key': crypto.randomUUID(),
          };
          const { bytes } = await fingerprint(file);
          const answer = await fetch(`/v1/shares?${query}`, { method: 'POST', headers, body: bytes });
          const { permit } = await answer.json();
          const tag = Uint8Array.from(atob(permit.tag.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
          return purchase(await writeTag(victim, tag), { token: buyer });
        };
        const noise = new Uint8Array(await other.arrayBuffer());
        for (let at = 44; at < noise.length; at += 1) noise[at] = (Math.imul(at, 2_654_435_761) >>> 13) & 255;
        return [await (await forged(other)).recheck, await (await forged(new Blob([noise]))).recheck];
      }, tokens);
      assert.deepEqual(found, ['other', 'unknown']);
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
function song(seed) {
  const rateHz = 16_000;
  const pcm = new Int16Array(rateHz * 45);
  let state = seed * 12_345;
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 8;
  let notes = [440, 550, 660];
  for (let at = 0; at < pcm.length; at += 1) {
    if (at % (rateHz * 0.15) === 0) notes = notes.map(() => 250 + (next() % 3_000));
    pcm[at] = notes.reduce((sum, hz) => sum + 6_000 * Math.sin((2 * Math.PI * hz * at) / rateHz), next() % 400);
  }
  return wav({ rateHz, channels: 1, pcm });
}
