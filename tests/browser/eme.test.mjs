// Clear Key in Chromium's own player, for MP4: a real song, encrypted with the key of a permit, that plays for
// who has bought it, on a page of another origin than the server that gives the licences.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { essence, fingerprint } from '../../wasm/npm/dist/node.js';
import { launch, open } from './browser.mjs';
import { encrypted } from './cenc.mjs';
import { reencoded, tracks } from './music.mjs';
import { account, scratch, serve } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

const TYPE = 'audio/mp4; codecs="mp4a.40.2"';
const FRAGMENTED = ['-c:a', 'aac', '-b:a', '128k', '-movflags', '+empty_moov+default_base_moof', '-frag_duration', '2000000'];

const PAGE = `<!doctype html><title>player</title><link rel="icon" href="/icon">
  <audio controls></audio><button id="play">Play</button><script type="module" src="/main.js"></script>`;
const SCRIPT = `
  import { connectKeys } from '/onmon/dist/eme-entry.js';
  const media = document.querySelector('audio');
  const told = [];
  const seen = [];
  document.querySelector('#play').addEventListener('click', () => media.play().catch((error) => told.push(String(error))));
  for (const type of ['encrypted', 'waitingforkey', 'playing', 'seeked', 'error']) media.addEventListener(type, () => seen.push(type));
  globalThis.player = { media, told, seen, async load({ url, server, token, type }) {
    const onLicence = (error) => told.push(error ? error.code + ' ' + error.problem : 'licensed');
    const keys = await connectKeys(media, { server, token: async () => token, onLicence });
    const source = new MediaSource();
    media.src = URL.createObjectURL(source);
    await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
    const buffer = source.addSourceBuffer(type);
    buffer.appendBuffer(await (await fetch(url)).arrayBuffer());
    await new Promise((resolve) => buffer.addEventListener('updateend', resolve, { once: true }));
    source.endOfStream();
    this.keys = keys;
  }, connectKeys };`;
const POLICY = "default-src 'self'; media-src blob:; connect-src 'self' http://127.0.0.1:*";

/** What Chromium says of a licence that is refused. */
const REFUSED = /status of 404/;

/** Long enough for a player that has what it needs to begin. */
const PATIENCE_MS = 1_500;

describe('Clear Key in Chromium, for MP4', () => {
  let folder;
  let site;
  let server;
  let browser;
  let clear;
  let locked;
  let permit;
  let tokens;

  before(async () => {
    folder = scratch();
    const [track] = tracks(1);
    const made = reencoded(track, folder.path, 'mp4', ...FRAGMENTED);
    assert.ok(made, 'ffmpeg is missing');
    site = await serveFiles({
      folders: { '/onmon/': PACKAGE, '/media/': folder.path },
      pages: { '/': PAGE, '/main.js': SCRIPT, '/icon': '' },
      policy: POLICY,
    });
    const song = { file: track, recordingId: 'song', title: 'A song', artist: 'Somebody', rights: 'entrusted' };
    const words = ['--open-registration', '--cors-origin', site.url];
    server = await serve(folder.path, [song], { words });
    const [sharer, buyer, stranger] = await Promise.all(['sharer', 'buyer', 'stranger'].map((name) => account(server.url, name)));
    tokens = { sharer, buyer, stranger };
    clear = readFileSync(made);
    permit = await share(clear, sharer);
    locked = encrypted(clear, Buffer.from(permit.key, 'base64url'), Buffer.from(permit.kid, 'hex'));
    writeFileSync(join(folder.path, 'locked.mp4'), locked);
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await server?.close();
    await site?.close();
    folder?.close();
  });

  /** Asks the server as `token`; the answer has to be a good one. */
  async function post(path, token, body, headers = { 'content-type': 'application/json' }) {
    const all = { ...headers, authorization: `Bearer ${token}` };
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers: all, body });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
  }

  /** What a service does that packages songs: the permit's key, of the DRM method. */
  async function share(file, token) {
    const [{ digest }, { bytes }] = [await essence(file), await fingerprint(file)];
    const headers = { 'content-type': 'application/vnd.onmon.fingerprint', 'idempotency-key': randomUUID() };
    const path = `/v1/shares?method=drm&essence=${Buffer.from(digest).toString('hex')}`;
    const { permit: given } = await post(path, token, bytes, headers);
    assert.ok(given, 'a permit');
    return given;
  }

  /** A page whose player has the song and asks as `token`, and was told of its licence. */
  async function player(token) {
    const opened = await open(browser, site.url);
    await opened.page.waitForFunction(() => globalThis.player);
    const given = { url: '/media/locked.mp4', server: server.url, token, type: TYPE };
    await opened.page.evaluate((options) => globalThis.player.load(options), given);
    await opened.page.waitForFunction(() => globalThis.player.told.length > 0);
    return opened;
  }

  function state(page) {
    return page.evaluate(() => {
      const { media, told, seen } = globalThis.player;
      const { currentTime, duration, error, webkitAudioDecodedByteCount } = media;
      return { currentTime, duration, error: error?.message, decoded: webkitAudioDecodedByteCount, told, seen };
    });
  }

  test('what is encrypted is what another program opens with the key', () => {
    const pcm = (file, ...options) => {
      const words = ['-v', 'error', ...options, '-i', 'pipe:', '-f', 's16le', 'pipe:'];
      const made = execFileSync('ffmpeg', words, { input: file, maxBuffer: 1 << 28 });
      return createHash('sha256').update(made).digest('hex');
    };
    const key = Buffer.from(permit.key, 'base64url').toString('hex');
    assert.equal(pcm(locked, '-decryption_key', key), pcm(clear));
  });

  test('nothing plays before the purchase; after it the song plays, and plays from where it is sought', async () => {
    const { context, page, traffic, complaints } = await player(tokens.buyer);
    assert.deepEqual((await state(page)).told, ['server_refused key_not_found']);
    await page.click('#play');
    await page.waitForFunction(() => globalThis.player.seen.includes('waitingforkey'));
    await page.waitForTimeout(PATIENCE_MS);
    const before = await state(page);
    assert.deepEqual([before.currentTime, before.decoded, before.error], [0, 0, undefined]);

    await post('/v1/purchases', tokens.buyer, JSON.stringify({ kid: permit.kid }));
    await page.evaluate(() => globalThis.player.keys.retry());
    await page.waitForFunction(() => globalThis.player.media.currentTime > 1);
    const playing = await state(page);
    assert.ok(playing.decoded > 0 && playing.duration > 100, JSON.stringify(playing));

    const there = 100;
    await page.evaluate((at) => (globalThis.player.media.currentTime = at), there);
    await page.waitForFunction((at) => globalThis.player.media.currentTime > at + 1, there);
    const sought = await state(page);
    assert.ok(sought.currentTime < there + 30 && sought.seen.includes('seeked'), JSON.stringify(sought));
    assert.ok(!sought.seen.includes('error'));

    // All that was sent is the question, twice: as the browser's player puts it.
    const kids = [Buffer.from(permit.kid, 'hex').toString('base64url')];
    const asked = traffic.sent().map(({ url, body }) => [url, JSON.parse(body)]);
    const licence = [`${server.url}/v1/clear-key`, { kids, type: 'temporary' }];
    assert.deepEqual(asked, [licence, licence]);
    assert.deepEqual(complaints.filter((line) => !REFUSED.test(line)), []);

    await page.evaluate(async () => {
      const { media, keys } = globalThis.player;
      media.removeAttribute('src');
      media.load();
      await keys.close();
    });
    assert.equal(await page.evaluate(() => globalThis.player.media.mediaKeys), null);
    await context.close();
  });

  test('who has bought it before gets the licence at once', async () => {
    await post('/v1/purchases', tokens.buyer, JSON.stringify({ kid: permit.kid }));
    const { context, page, complaints } = await player(tokens.buyer);
    await page.click('#play');
    await page.waitForFunction(() => globalThis.player.media.currentTime > 1);
    assert.deepEqual((await state(page)).told, ['licensed']);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('another account gets no key, and hears nothing', async () => {
    const { context, page } = await player(tokens.stranger);
    await page.click('#play');
    await page.waitForTimeout(PATIENCE_MS);
    const { told, currentTime, decoded } = await state(page);
    assert.deepEqual([told, currentTime, decoded], [['server_refused key_not_found'], 0, 0]);
    const again = await page.evaluate(() => globalThis.player.keys.retry().catch(({ code, problem }) => [code, problem]));
    assert.deepEqual(again, ['server_refused', 'key_not_found']);
    await context.close();
  });

  test('what no browser plays is said so', async () => {
    const { context, page } = await open(browser, site.url);
    await page.waitForFunction(() => globalThis.player);
    const code = await page.evaluate(() => {
      const { media, connectKeys } = globalThis.player;
      const options = { token: 'any', contentTypes: ['audio/mp4; codecs="none"'] };
      return connectKeys(media, options).catch((error) => error.code);
    });
    assert.equal(code, 'eme_unavailable');
    await context.close();
  });
});
