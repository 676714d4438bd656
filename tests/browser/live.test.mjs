// Listening to what is played: by Chromium's microphone (a file of real music behind it) and by a node of Web
// Audio, against a real server; and what becomes of codes when the server is away or has forgotten the stream.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { openStream } from '../../wasm/npm/dist/live-node.js';
import { Extractor } from '../../wasm/npm/dist/node.js';
import { launch, microphone, open } from './browser.mjs';
import { forMicrophone, reencoded, tracks } from './music.mjs';
import { scratch, serve } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

const PAGE = `<!doctype html><html lang="en"><title>live</title><link rel="icon" href="/icon">
  <audio id="song" src="/music/song.ogg"></audio>
  <script type="module" src="/page.js"></script></html>`;
const SCRIPT = `
  import { listen, openStream } from '/onmon/dist/live-browser.js';
  Object.assign(globalThis, { listen, openStream });
  document.documentElement.dataset.ready = 'yes';`;
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:*";

const HEARD_TIMEOUT_MS = 90_000;

describe('live listening', () => {
  let folder;
  let song;
  let wav;
  let site;
  let server;
  let browser;

  before(async () => {
    folder = scratch();
    [song] = tracks(1);
    wav = forMicrophone(song, folder.path);
    assert.ok(wav, 'ffmpeg is missing');
    const ogg = reencoded(song, folder.path, 'ogg', '-c:a', 'libvorbis');
    site = await serveFiles({
      folders: { '/onmon/': PACKAGE, '/music/': folder.path },
      pages: { '/': PAGE, '/icon': '', '/page.js': SCRIPT, '/music/song.ogg': readFileSync(ogg) },
      policy: POLICY,
    });
    const about = { file: song, recordingId: 'r0', title: 'Title 0', artist: 'Somebody', rights: 'entrusted' };
    server = await serve(folder.path, [about], { words: ['--cors-origin', site.url] });
    browser = await launch(microphone(wav));
  });

  after(async () => {
    await browser?.close();
    await server?.close();
    await site?.close();
    folder?.close();
  });

  const opened = async () => {
    const view = await open(browser, site.url, { permissions: ['microphone'] });
    await view.page.waitForSelector('html[data-ready]');
    return view;
  };

  /** Listens in the page until a recording is heard; resolves to the last report and the codes. */
  const hear = (page, source) =>
    page.evaluate(
      async ([source, server, timeoutMs]) => {
        let node = 'microphone';
        if (source === 'element') {
          const audio = document.querySelector('#song');
          const context = new AudioContext();
          node = context.createMediaElementSource(audio);
          node.connect(context.destination);
          await audio.play();
        }
        const counted = [];
        const heard = Promise.withResolvers();
        const listening = await listen(node, {
          server,
          onCodes: (codes, first) => counted.push([first, codes.length]),
          onReport: ({ segments }) => segments.some(({ recording }) => recording) && heard.resolve(),
          onError: heard.reject,
        });
        const late = setTimeout(() => heard.reject(new Error('nothing was heard')), timeoutMs);
        await heard.promise;
        clearTimeout(late);
        return { report: await listening.stop(), counted };
      },
      [source, server.url, HEARD_TIMEOUT_MS],
    );

  for (const source of ['microphone', 'element']) {
    test(`a song is heard by ${source}, and nothing but codes leaves`, { timeout: 150_000 }, async () => {
      const { context, page, traffic, complaints } = await opened();
      const { report, counted } = await hear(page, source);
      const found = report.segments.find(({ recording }) => recording);
      assert.equal(found.recording.recordingId, 'r0');
      assert.equal(found.recording.title, 'Title 0');
      assert.equal(found.decision, 'permit');
      assert.ok(Math.abs(found.recording.speed - 1) < 0.005, String(found.recording.speed));
      let next = 0;
      for (const [first, count] of counted) {
        assert.equal(first, next, 'codes follow one another');
        next += count;
      }
      // A byte a code, and the frame of each message.
      assert.equal(traffic.bodyBytes(), report.sentBytes);
      assert.ok(report.sentBytes < next + 40 * traffic.sent().length, `${report.sentBytes} bytes for ${next} codes`);
      const paths = new Set(traffic.routed.filter(({ url }) => url.startsWith(server.url)).map(({ url }) => new URL(url).pathname.replace(/[0-9a-f]{32}/, '{id}')));
      assert.deepEqual([...paths].sort(), ['/v1/streams', '/v1/streams/{id}', '/v1/streams/{id}/codes']);
      const modules = traffic.routed.map(({ url }) => basename(new URL(url).pathname)).filter((name) => name.endsWith('.wasm'));
      assert.deepEqual(modules, ['onmon_extract_bg.wasm'], 'no decoder is fetched');
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  test('who says no to the microphone hears why, and the server hears nothing', async () => {
    const { context, page, traffic } = await opened();
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
    });
    const code = await page.evaluate((server) => listen('microphone', { server }).catch((error) => error.code), server.url);
    assert.equal(code, 'no_microphone');
    const gone = await page.evaluate((server) => listen(new AudioContext().createOscillator(), { server, worklet: '/nothing.js' }).catch((error) => error.code), server.url);
    assert.equal(gone, 'worklet_failed');
    assert.deepEqual(traffic.sent(), []);
    await context.close();
  });

  /** The codes of the song's beginning, by the package in Node. */
  const codesOf = async (seconds) => {
    const bytes = readFileSync(wav);
    const pcm = new Int16Array(bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + 44 + seconds * 96_000));
    const extractor = await Extractor.create({ sampleRate: 48_000 });
    const codes = extractor.push(pcm);
    extractor.free();
    return codes;
  };

  test('codes that could not be sent are sent later; after 90 s they are told as lost', async (t) => {
    const codes = await codesOf(140);
    const stream = await openStream({ server: server.url });
    stream.add(codes.subarray(0, 400));
    const before = await stream.send();
    assert.equal(stream.waitingMs, 0);
    const away = t.mock.method(globalThis, 'fetch', () => Promise.reject(new TypeError('no network')));
    stream.add(codes.subarray(400, 700));
    await assert.rejects(stream.send(), { code: 'network' });
    assert.equal(stream.waitingMs, 15_000);
    away.mock.restore();
    const later = await stream.send();
    assert.deepEqual(later.lost, []);
    assert.ok(later.listenedMs > before.listenedMs);
    assert.equal(later.segments.find(({ recording }) => recording)?.recording.recordingId, 'r0');
    // 100 s without a server: the oldest 10 s of it are given up.
    stream.add(codes.subarray(700, 2_700));
    assert.equal(stream.waitingMs, 90_000);
    const last = await stream.end();
    assert.deepEqual(last.lost, [{ fromMs: 35_000, toMs: 45_000 }]);
  });

  test('a server that has forgotten the stream goes on with what it has not heard', async (t) => {
    const codes = await codesOf(90);
    const ids = [];
    const real = globalThis.fetch;
    t.mock.method(globalThis, 'fetch', async (...words) => {
      ids.push(/streams\/([0-9a-f]{32})/.exec(String(words[0]))?.[1]);
      return real(...words);
    });
    const stream = await openStream({ server: server.url });
    stream.add(codes.subarray(0, 600));
    const before = await stream.send();
    assert.equal(before.segments.find(({ recording }) => recording)?.recording.recordingId, 'r0');
    await real(`${server.url}/v1/streams/${ids.at(-1)}`, { method: 'DELETE' });
    stream.add(codes.subarray(600, 1_200));
    const after = await stream.end();
    const heard = after.segments.filter(({ recording }) => recording);
    assert.equal(heard.length, 2, 'one before, one after');
    assert.ok(heard[1].fromMs >= 30_000 && heard[1].toMs > 50_000, JSON.stringify(heard[1]));
    assert.ok(Math.abs(heard[1].recording.offsetMs - heard[1].fromMs) < 1_500, 'time goes on');
    assert.equal(new Set(ids.filter(Boolean)).size, 2);
    const gone = await real(`${server.url}/v1/streams/${ids.at(-1)}`);
    assert.equal(gone.status, 404, 'ended');
  });
});
