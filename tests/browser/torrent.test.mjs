// WebTorrent with the guard: two pages in Chromium, two peers on loopback, a tracker of their own.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import Tracker from 'bittorrent-tracker/server';

import { launch, open } from './browser.mjs';
import { bundle } from './bundle.mjs';
import { enrolled, licensedBannedAndOwn } from './music.mjs';
import { account, scratch, serve } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

const PAGE = `<!doctype html><html lang="en"><title>peer</title><link rel="icon" href="/icon">
  <label>Files <input type="file" id="files" multiple></label>
  <script type="module" src="/onmon/dist/page.js"></script></html>`;
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*";

/** What BitTorrent asks of a peer at a time: who passes on less has passed on nothing but its own words. */
const BLOCK_BYTES = 16 << 10;

describe('WebTorrent in Chromium', () => {
  let folder;
  let site;
  let server;
  let tracker;
  let browser;
  let files;
  const peers = [];

  before(async () => {
    folder = scratch();
    files = licensedBannedAndOwn(folder.path);
    site = await serveFiles({
      folders: { '/onmon/': PACKAGE },
      pages: { '/': PAGE, '/icon': '', '/onmon/dist/page.js': await bundle('adapters/torrent-page.js') },
      policy: POLICY,
    });
    const words = ['--open-registration', '--cors-origin', site.url];
    server = await serve(folder.path, enrolled(files), { words });
    tracker = new Tracker({ udp: false });
    tracker.listen(0, '127.0.0.1');
    await once(tracker, 'listening');
    browser = await launch();
    for (const name of ['sharer', 'buyer']) {
      const peer = await open(browser, site.url);
      peer.context.setDefaultTimeout(60_000);
      await peer.page.waitForFunction(() => globalThis.bench);
      const { port } = tracker.http.address();
      const given = { server: server.url, token: await account(server.url, name), tracker: `ws://127.0.0.1:${port}` };
      await peer.page.evaluate((options) => globalThis.bench.start(options), given);
      await peer.page.setInputFiles('#files', files);
      peers.push({ ...peer, ...given });
    }
  });

  after(async () => {
    for (const { context } of peers) await context.close();
    await browser?.close();
    await new Promise((resolve) => (tracker ? tracker.close(resolve) : resolve()));
    await server?.close();
    await site?.close();
    folder?.close();
  });

  const seed = (...words) => peers[0].page.evaluate(([names, how]) => globalThis.bench.seed(names, globalThis.bench[how ?? 'guard']), words);
  const careless = (names) => peers[0].page.evaluate((given) => globalThis.bench.careless(given), names);
  const add = (magnet, agreed) =>
    peers[1].page.evaluate(
      ([it, yes]) => globalThis.bench.add(it, yes).catch((error) => ({ code: error.code ?? String(error) })),
      [magnet, agreed],
    );
  const asked = () => peers[1].page.evaluate(() => globalThis.bench.asked.splice(0));
  const torrents = (peer) => peer.page.evaluate(() => globalThis.bench.client.torrents.length);
  const digestOf = (path) => [...createHash('sha256').update(readFileSync(path)).digest()].join();

  test('a file that is elsewhere gives the same fingerprint, from a part of it', async () => {
    for (const { here, elsewhere, share } of await peers[0].page.evaluate(() => globalThis.bench.bothWays())) {
      assert.equal(elsewhere, here);
      assert.ok(share > 0.2 && share <= 1, `${share} of the file`);
    }
  });

  test('a file is seeded with its tag, priced from a part of it, bought and had', async () => {
    const magnet = await seed(['song.mp3']);
    assert.deepEqual(await add(magnet, false), { code: 'not_bought' });
    assert.equal(await torrents(peers[1]), 0);
    const [first] = await asked();
    assert.deepEqual(first.titles, ['Title 0']);
    assert.ok(Number(first.yen) > 0 && first.share < 0.7, `${first.share} of it was fetched to know the price`);

    const { received, uploaded } = await add(magnet, true);
    assert.equal((await asked()).length, 1);
    assert.deepEqual(received.map(({ name, recheck }) => [name, recheck]), [['song.mp3', 'same']]);
    assert.ok(received[0].bytes > readFileSync(files[0]).length, 'the tag is in it');
    assert.ok(uploaded < BLOCK_BYTES, `${uploaded} bytes were passed on unchecked`);
  });

  test('a sealed file costs what it costs, and is had as it was', async () => {
    const { received } = await add(await seed(['song.mp3'], 'sealing'), true);
    assert.equal((await asked()).length, 1);
    assert.deepEqual(received, [
      { name: 'song.mp3', digest: digestOf(files[0]), bytes: readFileSync(files[0]).length, repeated: false, recheck: 'same' },
    ]);
  });

  test('what nobody has registered is seeded and had for nothing, whole and unchanged', async () => {
    const { received } = await add(await seed(['own.mp3']), true);
    assert.deepEqual(await asked(), []);
    assert.deepEqual(received.map(({ digest, repeated }) => [digest, repeated]), [[digestOf(files[2]), null]]);
  });

  test('what may not leave is not seeded, and takes the others with it', async () => {
    const code = await peers[0].page.evaluate(() => globalThis.bench.seed(['own.mp3', 'banned.mp3']).catch((error) => error.code));
    assert.equal(code, 'not_permitted');
  });

  test('registered music without a tag is known by its sound, before all of it is here, and refused', async () => {
    const before = await torrents(peers[1]);
    for (const name of ['song.mp3', 'banned.mp3']) {
      assert.deepEqual(await add(await careless([name]), true), { code: 'not_permitted' });
    }
    assert.deepEqual([await asked(), await torrents(peers[1])], [[], before]);
  });

  test('a tag that was copied from another file is found before anything is paid', async () => {
    const magnet = await peers[0].page.evaluate(async () => {
      const { bench } = globalThis;
      const [song, , own] = document.querySelector('#files').files;
      return bench.copied((await bench.guard.check(song)).file, own);
    });
    assert.deepEqual(await add(magnet, true), { code: 'tag_other_file' });
    assert.equal((await asked()).length, 1);
    const bought = await fetch(`${server.url}/v1/purchases`, { headers: { authorization: `Bearer ${peers[1].token}` } });
    assert.equal((await bought.json()).purchases.length, 2, 'those of the tests above');
  });

  test('both pages complained of nothing', () => {
    const expected = /WebSocket connection to .* failed/;
    for (const { complaints } of peers) assert.deepEqual(complaints.filter((line) => !expected.test(line)), []);
  });
});
