// Every example of docs/site as it stands there, built by Vite or run by Node, against a real server: only the
// addresses are this machine's. An example without a test here is a failure.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import Tracker from 'bittorrent-tracker/server';

import { essence, fingerprint } from '../../wasm/npm/dist/node.js';
import { share } from '../../wasm/npm/dist/sharing-node.js';
import { launch, microphone, open } from './browser.mjs';
import { encrypted } from './cenc.mjs';
import { enrolled, forMicrophone, licensedBannedAndOwn, reencoded } from './music.mjs';
import { accessibilityFaults, scrollsSideways } from './looks.mjs';
import { installPacked, linkLibraries } from './packed.mjs';
import { receive } from './receiver.mjs';
import { account, register, scratch, serve } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

const DOCS = fileURLToPath(new URL('../../docs/site/', import.meta.url));
const SITE = fileURLToPath(new URL('../../target/site/', import.meta.url));
const EXAMPLES = readdirSync(join(DOCS, 'examples')).sort();
const PAGES = readdirSync(join(DOCS, 'pages')).map((name) => readFileSync(join(DOCS, 'pages', name), 'utf8'));

const POLICY = [
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*",
  "form-action http://127.0.0.1:*; media-src blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
].join('; ');
const FRAGMENTED = ['-c:a', 'aac', '-b:a', '128k', '-movflags', '+empty_moov+default_base_moof', '-frag_duration', '2000000'];

/** Peers and gateways of the world, which no page here may reach. */
const AWAY = /Content Security Policy|CSP: connect-src blocked https:/;
const NO_PERMIT = /No permit was given/;
const PERMITTED = /^permit: Title 0 \(1\d{3} bytes were sent\)$/;

describe('the examples of the documentation', () => {
  let folder;
  let project;
  let song;
  let banned;
  let server;
  let receiver;
  let tracker;
  let site;
  let browser;
  const pages = { '/favicon.ico': '' };

  before(async () => {
    folder = scratch();
    project = join(folder.path, 'project');
    const files = licensedBannedAndOwn(folder.path);
    [song, banned] = files;
    const wav = forMicrophone(song, folder.path);
    site = await serveFiles({ folders: { '/': join(project, 'dist') }, pages, policy: POLICY });
    server = await serve(folder.path, enrolled(files), { words: ['--open-registration', '--cors-origin', site.url] });
    receiver = await receive(folder.path);
    tracker = new Tracker({ udp: false });
    tracker.listen(0, '127.0.0.1');
    await once(tracker, 'listening');
    await buildExamples();
    browser = await launch(microphone(wav));
  });

  after(async () => {
    await browser?.close();
    await new Promise((resolve) => (tracker ? tracker.close(resolve) : resolve()));
    await receiver?.close();
    await server?.close();
    await site?.close();
    folder?.close();
  });

  /** A project of a user's, who has copied each example into a file of its own and changed the addresses. */
  async function buildExamples() {
    mkdirSync(project, { recursive: true });
    installPacked(project);
    linkLibraries(project);
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
    const addresses = {
      'https://music.example.org': server.url,
      'https://uploads.example.org': receiver.url,
      'wss://tracker.example.org': `ws://127.0.0.1:${tracker.http.address().port}`,
    };
    for (const name of EXAMPLES) {
      let text = readFileSync(join(DOCS, 'examples', name), 'utf8');
      for (const [there, here] of Object.entries(addresses)) text = text.replaceAll(there, here);
      writeFileSync(join(project, name), text);
    }
    const { build } = await import(pathToFileURL(join(PACKAGE, 'node_modules/vite/dist/node/index.js')));
    const input = EXAMPLES.filter((name) => name.endsWith('.html')).map((name) => join(project, name));
    await build({ root: project, configFile: false, logLevel: 'error', build: { rolldownOptions: { input } } });
  }

  /** Opens an example as an account of its own, which the page gets from its own server at /token. */
  async function visit(name) {
    pages['/token'] = await account(server.url, `${name} ${randomUUID()}`);
    receiver.files.length = 0;
    const view = await open(browser, `${site.url}/${name}`);
    view.context.setDefaultTimeout(60_000);
    return { ...view, token: pages['/token'] };
  }

  /** Nothing but what an example is meant to run into is complained of. */
  function assertQuiet({ complaints }, expected = /$^/) {
    assert.deepEqual(complaints.filter((line) => !expected.test(line)), []);
  }

  /** The song left, as another file than it was, and nothing else did. */
  async function assertSongAlone() {
    for (let tries = 0; receiver.files.length < 1 && tries < 200; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(receiver.files.map(({ name }) => name), ['song.mp3']);
    assert.ok(receiver.files[0].bytes.length > readFileSync(song).length, 'the tag is in it');
  }

  const says = (page, selector, pattern) =>
    page.waitForFunction(([it, source]) => new RegExp(source).test(document.querySelector(it)?.textContent), [selector, pattern.source]);

  /** What an example of Node prints. */
  const run = (name, words, env = {}) =>
    execFileSync(process.execPath, [name, ...words], { cwd: project, encoding: 'utf8', env: { ...process.env, ...env } }).trim();

  /** The song as it was shared: a file of this machine. */
  async function shared(method) {
    const token = await account(server.url, `sharer ${randomUUID()}`);
    const { file } = await share(readFileSync(song), { method, token, server: server.url });
    const path = join(folder.path, `shared-${method}.mp3`);
    writeFileSync(path, Buffer.from(await file.arrayBuffer()));
    return path;
  }

  /** In a list of files each has its line: sent, or why not. */
  async function assertListed(name, input) {
    const view = await visit(name);
    await view.page.setInputFiles(input, [song, banned]);
    await view.page.waitForFunction(() => document.querySelectorAll('li').length === 2);
    const lines = (await view.page.locator('li').allInnerTexts()).sort();
    assert.match(lines[0], /^banned\.mp3: No permit was given/);
    assert.equal(lines[1], 'song.mp3: sent');
    await assertSongAlone();
    assertQuiet(view, /\[Uppy\]/);
    await view.context.close();
  }

  /** A form that says of each file, one after the other, whether it was sent. */
  async function assertOneByOne(name) {
    const view = await visit(name);
    await view.page.setInputFiles('input', banned);
    await says(view.page, '[role=status]', NO_PERMIT);
    await view.page.setInputFiles('input', song);
    await says(view.page, '[role=status]', /^Sent\.$/);
    await assertSongAlone();
    assertQuiet(view);
    await view.context.close();
  }

  const RUNS = {
    'fingerprint.html': async (name) => {
      const view = await visit(name);
      await view.page.setInputFiles('input', song);
      await says(view.page, 'output', PERMITTED);
      assertQuiet(view);
      await view.context.close();
    },

    'fingerprint.mjs': (name) => assert.match(run(name, [song]), PERMITTED),

    'guard.html': (name) => assertOneByOne(name),

    'input.html': async (name) => {
      const view = await visit(name);
      await view.page.setInputFiles('input', [song, banned]);
      await says(view.page, '#status', NO_PERMIT);
      await view.page.waitForFunction(() => document.querySelector('input').files.length === 1);
      await view.page.click('button');
      await assertSongAlone();
      assertQuiet(view);
      await view.context.close();
    },

    'helia.html': async (name) => {
      const view = await visit(name);
      await view.page.setInputFiles('#file', banned);
      await says(view.page, '[role=status]', NO_PERMIT);
      await view.page.setInputFiles('#file', song);
      await says(view.page, '[role=status]', /^ipfs:\/\/baf/);
      assertQuiet(view, AWAY);
      await view.context.close();
    },

    'upload.html': async (name) => {
      const view = await visit(name);
      await view.page.setInputFiles('onmon-upload input', [song, banned]);
      await view.page.waitForFunction(() => document.querySelector('onmon-upload').files.length === 1);
      await view.page.waitForFunction(() => document.querySelector('form').checkValidity());
      await view.page.locator('form > button').click();
      await assertSongAlone();
      assertQuiet(view);
      await view.context.close();
    },

    'uppy.html': (name) => assertListed(name, 'input'),
    'dropzone.html': (name) => assertListed(name, 'input'),

    'filepond.html': async (name) => {
      const view = await visit(name);
      await view.page.setInputFiles('.filepond--browser', [song, banned]);
      await view.page.locator('.filepond--file-status-sub', { hasText: NO_PERMIT }).waitFor({ state: 'attached' });
      await assertSongAlone();
      assertQuiet(view);
      await view.context.close();
    },

    'tus.html': (name) => assertOneByOne(name),

    'webtorrent.html': async (name) => {
      const seeder = await visit(name);
      await seeder.page.setInputFiles('#seed', song);
      await seeder.page.waitForFunction(() => document.querySelector('#magnet').value);
      const magnet = await seeder.page.inputValue('#magnet');
      const buyer = await visit(name);
      const asked = [];
      buyer.page.on('dialog', (dialog) => {
        asked.push(dialog.message());
        void dialog.accept();
      });
      await buyer.page.fill('#magnet', magnet);
      await buyer.page.click('#fetch');
      await buyer.page.waitForFunction(() => document.querySelector('audio').src.startsWith('blob:'));
      assert.match(asked.join(), /^Title 0: [\d.]+ yen$/);
      for (const view of [seeder, buyer]) {
        assertQuiet(view, /WebSocket connection to .* failed/);
        await view.context.close();
      }
    },

    'sharing.mjs': async (name) => {
      const env = { ONMON_API_KEY: await register(server.url, name) };
      const out = join(folder.path, 'out');
      assert.match(run(name, ['tag', song, out], env), /^permit: permit \S+; Title 0 costs [\d.]+ yen$/);
      assert.ok(readFileSync(out).length > readFileSync(song).length);
      assert.equal(run(name, ['tag', banned, out], env), 'refuse: it may not be shared');
    },

    'tag.mjs': async (name) => {
      assert.match(run(name, [await shared('tag')]), /^permit \S+ of r0, of this file\n\d+ bytes of it are the tag$/);
      assert.equal(run(name, [song]), 'no tag');
    },

    'capacity.mjs': (name) => {
      const [first, ...shapes] = run(name, ['10']).split('\n');
      assert.match(first, /^\d+ x \d+ servers, 8\d % busy: 95 % within \d\.\d\d s$/);
      assert.equal(shapes.at(-1), 'one down: songs are missing');
    },

    'sealed.mjs': async (name) => {
      const env = { ONMON_API_KEY: await register(server.url, name) };
      const out = join(folder.path, 'opened.mp3');
      const bytes = readFileSync(song);
      const [price, sound] = run(name, [await shared('drm'), out], env).split('\n');
      assert.match(price, new RegExp(`^[\\d.]+ yen, ${bytes.length} bytes, beginning with ${bytes.subarray(0, 4).toString('hex')}$`));
      assert.equal(sound, 'its sound: same');
      assert.ok(readFileSync(out).equals(bytes));
    },

    'player.html': async (name) => {
      const view = await visit(name);
      await view.page.setInputFiles('input', await shared('tag'));
      await says(view.page, '[role=status]', /^locked: Title 0, [\d.]+ yen$/);
      await view.page.click('button');
      await view.page.waitForFunction(() => document.querySelector('audio').currentTime > 0.5);
      assertQuiet(view);
      await view.context.close();
    },

    'eme.html': async (name) => {
      const clear = readFileSync(reencoded(song, folder.path, 'mp4', ...FRAGMENTED));
      const { key, kid } = await drmPermit(clear);
      pages['/song.mp4'] = encrypted(clear, Buffer.from(key, 'base64url'), Buffer.from(kid, 'hex'));
      const view = await visit(name);
      await says(view.page, '[role=status]', /\w/);
      await post('/v1/purchases', view.token, JSON.stringify({ kid }));
      await view.page.click('button');
      await says(view.page, '[role=status]', /^Unlocked\.$/);
      await view.page.evaluate(() => document.querySelector('audio').play());
      await view.page.waitForFunction(() => document.querySelector('audio').currentTime > 0.5);
      assertQuiet(view, /status of 404/);
      await view.context.close();
    },

    'live.html': async (name) => {
      const view = await visit(name);
      await view.page.click('#listen');
      await says(view.page, 'output', /Title 0: permit/);
      await view.page.click('#stop');
      assertQuiet(view);
      await view.context.close();
    },
  };

  async function post(path, token, body, headers = { 'content-type': 'application/json' }) {
    const all = { ...headers, authorization: `Bearer ${token}` };
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers: all, body });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
  }

  /** A permit with its key, as a service asks for one that encrypts in its own way. */
  async function drmPermit(file) {
    const [{ digest }, { bytes }] = [await essence(file), await fingerprint(file)];
    const headers = { 'content-type': 'application/vnd.onmon.fingerprint', 'idempotency-key': randomUUID() };
    const path = `/v1/shares?method=drm&essence=${Buffer.from(digest).toString('hex')}`;
    return (await post(path, await account(server.url, `packager ${randomUUID()}`), bytes, headers)).permit;
  }

  test('each is run here and shown on a page', () => {
    assert.deepEqual(EXAMPLES, Object.keys(RUNS).sort());
    for (const name of EXAMPLES) {
      assert.ok(PAGES.some((page) => page.includes(`{@includeCode ../examples/${name}}`)), `${name} is on no page`);
    }
  });

  for (const [name, driven] of Object.entries(RUNS)) test(name, { timeout: 120_000 }, () => driven(name));
});

test('the site fits a phone; its pages are accessible, light and dark', { timeout: 120_000 }, async () => {
  assert.ok(existsSync(join(SITE, 'index.html')), 'cargo xtask docs builds it');
  const pages = readdirSync(join(SITE, 'documents')).map((name) => `documents/${name}`);
  // What TypeDoc makes of types has faults of its own (headings that skip a level), which are not ours to mend.
  const reference = ['modules/onmon.html', 'functions/onmon.fingerprint.html', 'classes/onmon_player.OnmonPlayer.html'];
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
    for (const name of ['index.html', ...pages, ...reference]) {
      await page.goto(pathToFileURL(join(SITE, name)).href);
      assert.equal(await scrollsSideways(page), false, name);
    }
    // All pages are of the same parts: those with a list, a table and an example.
    for (const name of ['index.html', ...pages.slice(0, 2)]) {
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        await page.goto(pathToFileURL(join(SITE, name)).href);
        assert.deepEqual(await accessibilityFaults(page), [], `${name}, ${colorScheme}`);
      }
    }
  } finally {
    await browser.close();
  }
});
