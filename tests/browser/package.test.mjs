// The npm package in Chromium without a bundler, and under Vite's development server.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { longWav, vectors, wav } from '../../wasm/npm/test/vectors.mjs';
import { launch, open } from './browser.mjs';
import { bitsDiffering, sameButForTheDecoder } from './codes.mjs';
import { reencoded, tracks } from './music.mjs';
import { binary, scratch } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

const DEMO = fileURLToPath(new URL('../../web-demo/', import.meta.url));

const PLAIN_PAGE = `<!doctype html><link rel="icon" href="/icon">
  <input type="file" id="file"><script type="module" src="/main.js"></script>`;
const PLAIN_SCRIPT = `import * as onmon from '/onmon/dist/browser.js'; globalThis.onmon = onmon;`;
// A worker as in a browser that has no WebCodecs: what is imported first runs first.
const HIDING = `import '/hide.js'; import '/onmon/dist/worker.js';`;
const PLAIN = {
  '/': PLAIN_PAGE,
  '/main.js': PLAIN_SCRIPT,
  '/icon': '',
  '/hide.js': 'delete globalThis.AudioDecoder;',
  '/hiding.js': HIDING,
};
const SURROUND = 'pan=5.1|FL=FL|FR=FR|FC=FL|LFE=FR|BL=FL|BR=FR';

describe('the package in Chromium', () => {
  let browser;
  let folder;
  let site;
  let page;
  let complaints;
  let context;

  before(async () => {
    folder = scratch();
    browser = await launch();
    site = await serveFiles({ folders: { '/onmon/': PACKAGE }, pages: PLAIN });
    ({ context, page, complaints } = await open(browser, site.url));
    await ready(page);
  });

  after(async () => {
    await context?.close();
    await browser?.close();
    await site?.close();
    folder?.close();
  });

  for (const vector of vectors()) {
    test(`${vector.name}: streamed and as a file, the golden bytes`, async () => {
      const path = join(folder.path, `${vector.name}.wav`);
      writeFileSync(path, wav(vector));
      await page.setInputFiles('#file', path);
      const pcm = [...vector.pcm];
      const made = await page.evaluate(
        async ({ pcm, rateHz, channels, durationMs }) => {
          const { Extractor, fingerprint } = globalThis.onmon;
          const extractor = await Extractor.create({ sampleRate: rateHz, channels });
          const codes = [];
          const BLOCK = 1_023;
          for (let at = 0; at < pcm.length; at += BLOCK) {
            codes.push(...extractor.push(Int16Array.from(pcm.slice(at, at + BLOCK))));
          }
          const streamed = [...extractor.fingerprint(durationMs)];
          extractor.free();
          const file = await fingerprint(document.getElementById('file').files[0]);
          return { codes, streamed, file: [...file.bytes] };
        },
        { ...vector, pcm, codes: undefined, afp: undefined },
      );
      assert.deepEqual(Uint8Array.from(made.codes), vector.codes);
      assert.deepEqual(Uint8Array.from(made.streamed), vector.afp);
      assert.deepEqual(Uint8Array.from(made.file), vector.afp);
      assert.deepEqual(complaints, []);
    });
  }

  const encodings = [
    ['ogg'],
    ['mp3', '-b:a', '192k'],
    ['flac'],
    ['m4a', '-c:a', 'aac', '-b:a', '128k'],
    ['opus', '-b:a', '128k'],
    ['webm', '-c:a', 'libopus', '-b:a', '128k'],
    ['mkv', '-c:a', 'aac', '-b:a', '128k'],
  ];
  for (const [ending, ...options] of encodings) {
    test(`a ${ending} file: the bytes that the command line makes of it`, async (t) => {
      const [track] = tracks(1);
      const file = track.endsWith(`.${ending}`) ? track : reencoded(track, folder.path, ending, ...options);
      if (!file) return t.skip('no ffmpeg');
      execFileSync(binary('onmon', 'ONMON'), ['extract', '-o', folder.path, file], { stdio: 'ignore' });
      const expected = readFileSync(join(folder.path, track.split('/').at(-1).replace(/\.[^.]*$/, '.afp')));
      let workers = 0;
      const count = () => (workers += 1);
      page.on('worker', count);
      const made = await fingerprintIn(page, file);
      page.off('worker', count);
      // Two for who has two cores: each takes half of the samples.
      const halved = statSync(file).size >= 2 << 20 && availableParallelism() > 1;
      assert.equal(workers, halved ? 2 : 1);
      if (ending === 'mp3') sameButForTheDecoder(Buffer.from(made.bytes), expected);
      else assert.deepEqual(Buffer.from(made.bytes), expected);
      assert.ok(made.readBytes > 0);
      t.diagnostic(`${ending}: ${JSON.stringify(made.ms)}, read ${made.readBytes} bytes`);
    });
  }

  const surround = [
    ['opus', 'opus', '-c:a', 'libopus', '-b:a', '256k', '-mapping_family', '1'],
    ['mp4', 'm4a', '-c:a', 'aac', '-b:a', '320k'],
    ['mkv', 'm4a', '-c:a', 'aac', '-b:a', '320k'],
  ];
  for (const [ending, inStereo, ...options] of surround) {
    test(`the browser decodes what we do not, packet by packet: surround sound in ${ending}`, async (t) => {
      const [track] = tracks(1);
      const file = reencoded(track, folder.path, `surround.${ending}`, '-af', SURROUND, ...options);
      if (!file) return t.skip('no ffmpeg');
      await page.evaluate(() => {
        const { prototype } = globalThis.OfflineAudioContext;
        const { decodeAudioData } = prototype;
        globalThis.asked = 0;
        prototype.decodeAudioData = function (bytes) {
          globalThis.asked += 1;
          return decodeAudioData.call(this, bytes);
        };
      });
      const made = await fingerprintIn(page, file);
      assert.equal(await page.evaluate(() => globalThis.asked), 0, 'it was decoded as a whole');
      // All six channels together are the same music.
      const stereo = await fingerprintIn(page, reencoded(track, folder.path, `stereo.${inStereo}`, ...options.slice(0, 4)));
      assert.deepEqual([stereo.decodedBy, made.decodedBy], ['onmon', 'browser']);
      assert.equal(made.bytes.length, stereo.bytes.length);
      const differing = bitsDiffering(made, stereo);
      assert.ok(differing < 0.15, `${differing} of the bits differ`);
      assert.ok(made.durationMs > 149_000 && made.readBytes > 1_000_000, JSON.stringify([made.durationMs, made.readBytes]));
      t.diagnostic(`${ending}: ${differing} of the bits differ, ${JSON.stringify(made.ms)}`);
    });
  }

  test('where there is no WebCodecs it decodes the file whole: surround Opus', async (t) => {
    const [track] = tracks(1);
    const opus = ['-c:a', 'libopus', '-b:a'];
    const file = reencoded(track, folder.path, 'surround.opus', '-af', SURROUND, ...opus, '256k', '-mapping_family', '1');
    if (!file) return t.skip('no ffmpeg');
    const fresh = await open(browser, site.url);
    await ready(fresh.page);
    await fresh.page.evaluate(() =>
      globalThis.onmon.prepare({ worker: () => new Worker('/hiding.js', { type: 'module' }) }),
    );
    const made = await fingerprintIn(fresh.page, file);
    // All six channels together are the same music.
    const stereo = await fingerprintIn(page, reencoded(track, folder.path, 'stereo.opus', ...opus, '128k'));
    assert.deepEqual([stereo.decodedBy, made.decodedBy], ['onmon', 'browser']);
    assert.equal(made.bytes.length, stereo.bytes.length);
    const bits = made.bytes.map((byte, at) => (byte ^ stereo.bytes[at]).toString(2).replaceAll('0', '').length);
    const differing = bits.reduce((sum, count) => sum + count, 0) / (8 * bits.length);
    assert.ok(differing < 0.15, `${differing} of the bits differ`);
    assert.ok(made.durationMs > 149_000 && made.readBytes > 1_000_000, JSON.stringify([made.durationMs, made.readBytes]));
    await fresh.context.close();
  });

  test('a file that no decoder reads keeps the error of ours', async () => {
    const text = join(folder.path, 'letter.mp3');
    writeFileSync(text, 'Dear listener, this is not music.\n'.repeat(1_000));
    await page.setInputFiles('#file', text);
    const code = await page.evaluate(() =>
      globalThis.onmon.fingerprint(document.getElementById('file').files[0]).catch((error) => error.code),
    );
    assert.equal(code, 'unsupported_container');
  });

  test('each kind of file fetches the least module that reads it; a FLAC behind an ID3 tag is read as what it is', async (t) => {
    const [track] = tracks(1);
    const mp3 = reencoded(track, folder.path, 'mp3', '-b:a', '128k');
    const flac = reencoded(track, folder.path, 'flac');
    if (!mp3 || !flac) return t.skip('no ffmpeg');
    const tagged = join(folder.path, 'tagged.flac');
    writeFileSync(tagged, Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\x0a'), Buffer.alloc(10), readFileSync(flac)]));
    const fresh = await open(browser, site.url);
    await ready(fresh.page);
    const fetched = () => fresh.traffic.routed.map(({ url }) => /[^/]+\.wasm$/.exec(url)?.[0]).filter(Boolean);
    await fingerprintIn(fresh.page, mp3);
    assert.deepEqual(fetched(), ['onmon_mp3_bg.wasm']);
    const plain = await fingerprintIn(fresh.page, flac);
    for (const [ending, ...options] of [['m4a', '-c:a', 'aac'], ['aac'], ['wav']]) {
      await fingerprintIn(fresh.page, reencoded(track, folder.path, ending, ...options));
    }
    assert.deepEqual(fetched(), ['onmon_mp3_bg.wasm', 'onmon_common_bg.wasm']);
    assert.deepEqual((await fingerprintIn(fresh.page, tagged)).bytes, plain.bytes);
    assert.deepEqual(fetched(), ['onmon_mp3_bg.wasm', 'onmon_common_bg.wasm', 'onmon_wasm_bg.wasm']);
    await fresh.context.close();
  });

  test('abort ends the worker, and the next file still works', async () => {
    const long = join(folder.path, 'long.wav');
    writeFileSync(long, longWav(900));
    await page.setInputFiles('#file', long);
    const seen = await page.evaluate(async () => {
      const file = document.getElementById('file').files[0];
      const abort = new AbortController();
      const onProgress = ({ phase }) => phase === 'extract' && abort.abort();
      const error = await globalThis.onmon.fingerprint(file, { signal: abort.signal, onProgress }).catch((e) => e);
      return { name: error.name, code: error.code };
    });
    assert.deepEqual(seen, { name: 'AbortError', code: 'aborted' });
    await workersGone(page);
    const [vector] = vectors();
    assert.deepEqual(Uint8Array.from((await fingerprintIn(page, join(folder.path, `${vector.name}.wav`))).bytes), vector.afp);
    await workersGone(page);
  });

  test('a worker of the page’s own making', async () => {
    const fresh = await context.newPage();
    await fresh.goto(site.url);
    await ready(fresh);
    const made = await fresh.evaluate(async () => {
      let started = 0;
      const worker = () => {
        started += 1;
        return new Worker('/onmon/dist/worker.js', { type: 'module' });
      };
      await globalThis.onmon.prepare({ worker });
      const code = await globalThis.onmon.fingerprint(new Uint8Array(64)).catch((error) => error.code);
      return { started, code };
    });
    assert.deepEqual(made, { started: 1, code: 'unsupported_container' });
    await fresh.close();
  });

  test('warming up takes a worker once, and none from a file', async () => {
    const [vector] = vectors();
    const file = join(folder.path, `${vector.name}.wav`);
    const fresh = await context.newPage();
    await fresh.goto(site.url);
    await ready(fresh);
    let workers = 0;
    fresh.on('worker', () => (workers += 1));
    const warmUp = () => fresh.evaluate(() => globalThis.onmon.prepare({ warmUp: true }));
    await warmUp();
    await warmUp();
    await workersGone(fresh);
    assert.equal(workers, 1);
    await fresh.reload();
    await ready(fresh);
    await fresh.evaluate(() => void globalThis.onmon.prepare({ warmUp: true }));
    assert.deepEqual(Uint8Array.from((await fingerprintIn(fresh, file)).bytes), vector.afp);
    await warmUp();
    await workersGone(fresh);
    await fresh.close();
  });

  test('what is read to warm up is a whole MP3', async () => {
    const { warmUpFile } = await import('../../wasm/npm/dist/warm-up.js');
    const file = join(folder.path, 'warm-up.mp3');
    writeFileSync(file, warmUpFile());
    const { samples, durationMs } = await fingerprintIn(page, file);
    assert.ok(Math.abs(durationMs - 6_270) < 30 && samples.length === 1, JSON.stringify([durationMs, samples.length]));
  });

  test('a file that has gone says so', async () => {
    const gone = join(folder.path, 'gone.wav');
    writeFileSync(gone, longWav(5));
    await page.setInputFiles('#file', gone);
    // The browser notes which file it is when the page first looks at it: before that nothing has changed.
    await page.evaluate(() => document.getElementById('file').files[0].size);
    writeFileSync(gone, 'changed after it was chosen');
    const code = await page.evaluate(() =>
      globalThis.onmon.fingerprint(document.getElementById('file').files[0]).catch((error) => error.code),
    );
    assert.equal(code, 'read_failed');
  });

  test('a policy without wasm-unsafe-eval is named as the cause', async () => {
    const strict = await serveFiles({
      folders: { '/onmon/': PACKAGE },
      pages: PLAIN,
      policy: "default-src 'self'; script-src 'self'",
    });
    const opened = await open(browser, strict.url);
    await ready(opened.page);
    assert.equal(await codeOf(opened.page), 'csp_blocked');
    await opened.context.close();
    await strict.close();
  });

  test('a policy without workers is named as the cause', async () => {
    const strict = await serveFiles({
      folders: { '/onmon/': PACKAGE },
      pages: PLAIN,
      policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'",
    });
    const opened = await open(browser, strict.url);
    await ready(opened.page);
    assert.equal(await codeOf(opened.page), 'worker_failed');
    await opened.context.close();
    await strict.close();
  });

  test('a missing module, and a page served in its place', async () => {
    await context.route('**/*.wasm', (route) => route.fulfill({ status: 404 }));
    const fresh = await context.newPage();
    await fresh.goto(site.url);
    await ready(fresh);
    assert.equal(await codeOf(fresh), 'wasm_unavailable');
    await context.unroute('**/*.wasm');
    await context.route('**/*.wasm', (route) =>
      route.fulfill({ status: 200, contentType: 'text/html', body: '<!doctype html>' }),
    );
    assert.equal(await codeOf(fresh), 'wasm_unavailable');
    await context.unroute('**/*.wasm');
    assert.equal(await codeOf(fresh), 'unsupported_container', 'a failure is not kept');
    await fresh.close();
  });

  test('works under Vite’s development server', async () => {
    const { createServer } = await import(pathToFileURL(join(DEMO, 'node_modules/vite/dist/node/index.js')));
    const vite = await createServer({
      root: DEMO,
      configFile: join(DEMO, 'vite.config.ts'),
      cacheDir: join(folder.path, 'vite-cache'),
      logLevel: 'error',
      server: { port: 0, host: '127.0.0.1', hmr: false },
    });
    await vite.listen();
    const opened = await open(browser, vite.resolvedUrls.local[0] ?? vite.resolvedUrls.network[0]);
    const [vector] = vectors();
    await opened.page.setInputFiles('#file', join(folder.path, `${vector.name}.wav`));
    await opened.page.waitForSelector('html[data-state=failed]', { timeout: 60_000 });
    // There is no server behind it: that it comes to asking one means that the fingerprint was made.
    const code = await opened.page.locator('#decision').getAttribute('data-error-code');
    assert.ok(['network', 'server_failed', 'server_refused', 'bad_answer'].includes(code), code);
    await opened.context.close();
    await vite.close();
  });
});

function ready(page) {
  return page.waitForFunction(() => globalThis.onmon !== undefined);
}

async function fingerprintIn(page, file) {
  await page.setInputFiles('#file', file);
  return page.evaluate(async () => {
    const made = await globalThis.onmon.fingerprint(document.getElementById('file').files[0]);
    return { ...made, bytes: [...made.bytes] };
  });
}

/** The code of the error that a few bytes of nothing end with. */
function codeOf(page) {
  return page.evaluate(() => globalThis.onmon.fingerprint(new Uint8Array(64)).catch((error) => error.code));
}

async function workersGone(page) {
  for (let tries = 0; tries < 50 && page.workers().length > 0; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(page.workers().length, 0, 'no worker is left');
}
