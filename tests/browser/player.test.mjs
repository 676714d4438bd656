// A player that honours how a file was shared, in Chromium: a real song, tagged or sealed, is locked, priced,
// bought, played and sought; one whose tag is gone is found by its sound.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { launch, open } from './browser.mjs';
import { reencoded, tracks } from './music.mjs';
import { account, scratch, serve } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

const PAGE = `<!doctype html><title>player</title><link rel="icon" href="/icon">
  <input type="file" id="file" multiple><audio controls src="/song.mp3"></audio>
  <output></output><button id="buy">Buy</button><script type="module" src="/main.js"></script>`;
const SCRIPT = `
  import { stripTag, writeTag, readTag } from '/onmon/dist/tag-browser.js';
  import { share } from '/onmon/dist/sharing-browser.js';
  import { OnmonPlayer } from '/onmon/dist/player-entry.js';
  const [media, output, buy] = ['audio', 'output', '#buy'].map((name) => document.querySelector(name));
  const states = [];
  const onChange = ({ state, offer }) => {
    states.push(state);
    output.value = offer ? offer.recordings[0].title + ' ' + offer.price.yen : '';
    buy.disabled = state !== 'locked';
  };
  globalThis.bench = {
    media, states, share, readTag, stripTag, writeTag, shared: {},
    start(options) {
      states.length = 0;
      this.player = new OnmonPlayer(media, { ...options, onChange });
    },
  };
  buy.addEventListener('click', async () => {
    await bench.player.buy();
    await media.play();
  });`;
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; media-src 'self' blob:; connect-src 'self' http://127.0.0.1:*";

/** Fingerprints, digests and ids of one file's purchase: far below a second of audio. */
const SENT_BYTES_MAX = 4_096;

describe('OnmonPlayer in Chromium', () => {
  let folder;
  let site;
  let server;
  let browser;
  let context;
  let page;
  let traffic;
  let complaints;
  let tokens;

  before(async () => {
    folder = scratch();
    const [song, own] = tracks(2).map((track) => reencoded(track, folder.path, 'mp3', '-b:a', '128k'));
    assert.ok(song && own, 'ffmpeg is missing');
    const about = { file: song, recordingId: 'song', title: 'A song', artist: 'Somebody', rights: 'entrusted' };
    site = await serveFiles({
      folders: { '/onmon/': PACKAGE },
      pages: { '/': PAGE, '/main.js': SCRIPT, '/icon': '', '/song.mp3': readFileSync(song) },
      policy: POLICY,
    });
    const words = ['--open-registration', '--cors-origin', site.url];
    server = await serve(folder.path, [about], { words });
    browser = await launch();
    ({ context, page, traffic, complaints } = await open(browser, site.url));
    context.setDefaultTimeout(20_000);
    await page.waitForFunction(() => globalThis.bench);
    await page.setInputFiles('#file', [song, own]);
    const names = ['sharer', 'buyer', 'other', 'finder'];
    tokens = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await account(server.url, name)])));
    await page.evaluate(
      async ({ url, token }) => {
        const [song, own] = document.querySelector('#file').files;
        const { share, readTag, stripTag, writeTag, shared } = globalThis.bench;
        const asked = { server: url, token };
        shared.tagged = (await share(song, { ...asked, method: 'tag' })).file;
        shared.sealed = (await share(song, { ...asked, method: 'drm' })).file;
        shared.stripped = await stripTag(shared.tagged);
        shared.own = own;
        shared.copied = await writeTag(own, (await readTag(shared.tagged)).bytes);
      },
      { url: server.url, token: tokens.sharer },
    );
  });

  after(async () => {
    await context?.close();
    await browser?.close();
    await server?.close();
    await site?.close();
    folder?.close();
  });

  /** Loads one of the shared files into a new player. */
  function load(name, options) {
    const all = { server: server.url, ...options };
    return page.evaluate(
      ({ name: wanted, options: given }) => {
        const { bench } = globalThis;
        bench.player?.close();
        const storage = given.keep ? localStorage : undefined;
        bench.start({ ...given, storage });
        return bench.player.load(bench.shared[wanted]);
      },
      { name, options: all },
    );
  }

  function seen() {
    return page.evaluate(() => {
      const { media, player, states } = globalThis.bench;
      const { currentTime, duration, currentSrc, src } = media;
      const decoded = media.webkitAudioDecodedByteCount;
      const said = document.querySelector('output').value;
      const { state, offer, error, answer } = player;
      const found = answer?.matches[0]?.recordingId ?? null;
      const code = error?.code ?? null;
      return { currentTime, duration, currentSrc, src, decoded, said, state, offer, code, found, states: [...states], onmon: media.dataset.onmon };
    });
  }

  /** Presses everything that could make the element play. Without a source its promise waits for one. */
  async function pressPlay() {
    await page.evaluate(() => {
      globalThis.bench.played = 'waits';
      const became = (what) => (globalThis.bench.played = what);
      globalThis.bench.media.play().then(() => became('plays'), ({ name }) => became(name));
    });
    await page.focus('audio');
    await page.keyboard.press('Space');
    await page.waitForTimeout(500);
    return page.evaluate(() => globalThis.bench.played);
  }

  /** What is heard: it plays from the start, and from where it is sought. */
  async function assertPlays() {
    await page.waitForFunction(() => globalThis.bench.media.currentTime > 0.5);
    const there = 100;
    await page.evaluate((at) => (globalThis.bench.media.currentTime = at), there);
    await page.waitForFunction((at) => globalThis.bench.media.currentTime > at + 0.5, there);
    const { state, onmon, decoded, duration, currentTime } = await seen();
    assert.deepEqual([state, onmon], ['open', 'open']);
    assert.ok(decoded > 0 && Math.abs(duration - 150) < 1 && currentTime < there + 30, `${currentTime} of ${duration}`);
  }

  for (const method of ['tagged', 'sealed']) {
    test(`a ${method} file is locked and priced; paid for, it plays and is sought`, async () => {
      const before = traffic.bodyBytes();
      assert.equal(await load(method, { token: tokens.buyer }), 'locked');
      const played = await pressPlay();
      const locked = await seen();
      assert.deepEqual(
        [played, locked.src, locked.currentTime, locked.decoded, locked.onmon],
        ['waits', '', 0, 0, 'locked'],
      );
      assert.match(locked.said, /^A song \d+\.\d\d$/);
      assert.equal(traffic.bodyBytes() - before, 0, 'the price costs no byte');

      await page.click('#buy');
      await assertPlays();
      assert.deepEqual((await seen()).states, ['checking', 'locked', 'buying', 'open']);
      const sent = traffic.bodyBytes() - before;
      assert.ok(sent > 0 && sent < SENT_BYTES_MAX, `${sent} bytes`);
    });
  }

  test('without an account, or with a token that is none, it stays locked and says why', async () => {
    for (const [token, code] of [[undefined, 'no_account'], ['nobody', 'server_refused']]) {
      assert.equal(await load('tagged', { token }), 'locked');
      const thrown = await page.evaluate(() => globalThis.bench.player.buy().catch((error) => error.code));
      assert.equal(thrown, code);
      const { state, src, code: told, offer } = await seen();
      assert.deepEqual([state, src, told], ['locked', '', code]);
      assert.ok(offer.price.sen > 0, 'it can be tried again');
    }
  });

  test('a tag that was copied from another file neither locks nor unlocks: it fails, and nothing plays', async () => {
    assert.equal(await load('copied', { token: tokens.buyer }), 'failed');
    await pressPlay();
    const { code, src, currentTime } = await seen();
    assert.deepEqual([code, src, currentTime], ['tag_other_file', '', 0]);
    const thrown = await page.evaluate(() => globalThis.bench.player.buy().catch((error) => error.code));
    assert.equal(thrown, 'nothing_to_buy');
  });

  test('a file whose tag is gone is found by its sound, gets its permit again, and is paid for', async () => {
    assert.equal(await load('stripped', { token: tokens.finder }), 'untagged');
    await pressPlay();
    const { found, src, currentTime } = await seen();
    assert.deepEqual([found, src, currentTime], ['song', '', 0]);
    const offer = await page.evaluate(() => globalThis.bench.player.recover());
    assert.ok(offer.price.sen > 0);
    await page.click('#buy');
    await assertPlays();
    assert.deepEqual((await seen()).states, ['checking', 'untagged', 'checking', 'locked', 'buying', 'open']);
  });

  test('a file of one’s own plays, and what is no audio fails', async () => {
    assert.equal(await load('own'), 'open');
    await page.evaluate(() => globalThis.bench.media.play());
    await assertPlays();
    const code = await page.evaluate(async () => {
      const { player } = globalThis.bench;
      await player.load(new Blob(['no audio at all']));
      return player.error.code;
    });
    assert.equal(code, 'unsupported_container');
    const { src, state } = await seen();
    assert.deepEqual([src, state], ['', 'failed']);
  });

  test('what was bought plays again without asking, also when the server is not reached', async () => {
    const options = { token: tokens.other, keep: true };
    assert.equal(await load('tagged', options), 'locked');
    await page.evaluate(() => globalThis.bench.player.buy());
    assert.equal(await load('tagged', { keep: true }), 'open');
    await context.route(`${server.url}/**`, (route) => route.abort());
    assert.equal(await load('tagged', { keep: true }), 'open');
    // What is kept is no key to another file, and the sealed one is asked for.
    assert.equal(await load('copied', { keep: true }), 'failed');
    assert.equal(await load('sealed', { keep: true }), 'failed');
    assert.equal((await seen()).code, 'network');
    await context.unroute(`${server.url}/**`);
    await page.evaluate(() => localStorage.clear());
  });

  test('an address is loaded as well, and another load ends the one before', async () => {
    const ended = await page.evaluate(async () => {
      const { player, shared } = globalThis.bench;
      const [first, second] = [player.load('/song.mp3'), player.load(shared.tagged)];
      const states = await Promise.all([first, second]);
      const missing = await player.load(new URL('/none.mp3', location.href));
      return { states, missing, code: player.error.code };
    });
    assert.equal(ended.states[1], 'locked');
    assert.deepEqual([ended.missing, ended.code], ['failed', 'server_refused']);
  });

  test('the page complained of nothing but what was refused it', () => {
    const expected = /status of (401|404)|net::ERR_FAILED|blocked by CORS/;
    assert.deepEqual(complaints.filter((line) => !expected.test(line)), []);
  });
});
