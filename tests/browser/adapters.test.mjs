// Every upload widget that onmon has an adapter for, the real one, in Chromium: of five files the refused and
// the unreadable one never leave, the others do; a retry is counted once.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import axe from 'axe-core';

import { readTag } from '../../wasm/npm/dist/tag-node.js';
import { launch, open } from './browser.mjs';
import { bundle } from './bundle.mjs';
import { enrolled, licensedBannedAndOwn } from './music.mjs';
import { receive } from './receiver.mjs';
import { account, scratch, serve } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

const PAGE = `<!doctype html><html lang="en"><title>uploads</title><link rel="icon" href="/icon">
  <main><h1>Uploads</h1><label>Files <input type="file" id="files" multiple></label>
  <form id="plain-form" method="post" enctype="multipart/form-data" target="sent">
    <label>Songs <input type="file" id="plain" name="file" multiple></label>
    <p id="plain-status" role="status"></p><button id="plain-send">Send</button></form>
  <form id="element-form" method="post" enctype="multipart/form-data" target="sent">
    <onmon-upload name="file" multiple required></onmon-upload>
    <button id="element-send">Send</button><button type="reset" id="element-reset">Reset</button></form>
  <iframe name="sent" title="answer"></iframe>
  <label>Pond <input type="file" id="pond"></label><div id="react"></div></main>
  <script type="module" src="/onmon/dist/page.js"></script></html>`;
const POLICY = [
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:*",
  'form-action http://127.0.0.1:*; frame-src http://127.0.0.1:*',
].join('; ');

/** Of the files that are chosen, those that may leave, and why the others may not. */
const MAY_LEAVE = ['note.txt', 'own.mp3', 'song.mp3'];
const MAY_NOT = { 'banned.mp3': 'not_permitted', 'broken.mp3': 'unsupported_container' };
const SENTENCES = { 'banned.mp3': /^No permit was given/, 'broken.mp3': /^This is not an audio file/ };

describe('upload widgets in Chromium', () => {
  let folder;
  let site;
  let server;
  let receiver;
  let browser;
  let context;
  let page;
  let complaints;
  let files;

  before(async () => {
    folder = scratch();
    files = licensedBannedAndOwn(folder.path);
    const write = (name, content) => {
      const path = join(folder.path, name);
      writeFileSync(path, content);
      files.push(path);
    };
    write('note.txt', 'no sound at all\n');
    write('broken.mp3', randomBytes(50_000));
    site = await serveFiles({
      folders: { '/onmon/': PACKAGE },
      pages: { '/': PAGE, '/icon': '', '/onmon/dist/page.js': await bundle('adapters/page.js') },
      policy: POLICY,
    });
    const words = ['--open-registration', '--cors-origin', site.url];
    server = await serve(folder.path, enrolled(files), { words });
    receiver = await receive(folder.path);
    browser = await launch();
  });

  after(async () => {
    await context?.close();
    await browser?.close();
    await receiver?.close();
    await server?.close();
    await site?.close();
    folder?.close();
  });

  /** A page and an account of its own for each test, so that what is counted is this test's. */
  let token;
  beforeEach(async () => {
    await context?.close();
    receiver.files.length = 0;
    token = await account(server.url, `user ${Math.random()}`);
    ({ context, page, complaints } = await open(browser, site.url));
    context.setDefaultTimeout(30_000);
    await page.waitForFunction(() => globalThis.bench);
    await page.evaluate((given) => Object.assign(globalThis.bench, given), { server: server.url, token });
    await page.setInputFiles('#files', files);
  });

  /** What the upload server has: exactly what may leave, the song with a tag under a permit that was counted once. */
  async function assertReceived(names = MAY_LEAVE) {
    assert.deepEqual(receiver.files.map(({ name }) => name).sort(), names);
    const counted = await shares();
    assert.deepEqual(counted.map(({ method }) => method), names.includes('song.mp3') ? ['tag'] : []);
    const song = receiver.files.find(({ name }) => name === 'song.mp3');
    if (!song) return;
    const tag = await readTag(song.bytes);
    const permitId = tag && new TextDecoder('latin1').decode(tag.bytes);
    assert.ok(permitId?.includes(counted[0].permit_id), 'the song went without its tag');
    const own = receiver.files.find(({ name }) => name === 'own.mp3');
    assert.ok(!own || own.bytes.equals(readFileSync(files[2])), 'what needs no permit goes as it was');
  }

  async function shares() {
    const answer = await fetch(`${server.url}/v1/shares`, { headers: { authorization: `Bearer ${token}` } });
    return (await answer.json()).shares;
  }

  function assertQuiet(expected = /$^/) {
    assert.deepEqual(complaints.filter((line) => !expected.test(line)), []);
  }

  const received = async (count) => {
    for (let tries = 0; receiver.files.length < count && tries < 300; tries += 1) await page.waitForTimeout(50);
  };

  /** Chooses all files in the plain input, guarded from then on, of a form that goes to the site. */
  async function choosePlain() {
    await page.evaluate((url) => {
      document.querySelector('#plain-form').action = `${url}/upload`;
      globalThis.bench.input();
    }, receiver.url);
    await page.setInputFiles('#plain', files);
  }

  test('a plain input is empty while files are checked, and then holds those that may leave', async () => {
    await choosePlain();
    const during = await page.evaluate(() => {
      const input = document.querySelector('#plain');
      return [input.files.length, input.getAttribute('aria-busy'), input.checkValidity(), input.validationMessage];
    });
    assert.deepEqual(during, [0, 'true', false, 'Checking the rights…']);
    await page.waitForFunction(() => globalThis.bench.changes.length > 0);
    const { changes, seen, checked } = await page.evaluate(() => globalThis.bench);
    assert.deepEqual(changes.map((names) => names.sort()), [MAY_LEAVE]);
    assert.deepEqual(seen, [3], 'a listener of the document heard of what was chosen');
    assert.deepEqual(Object.fromEntries(checked.filter(([, code]) => code)), MAY_NOT);
    assert.match(await page.innerText('#plain-status'), /banned\.mp3: No permit was given/);
    await page.click('#plain-send');
    await received(3);
    await assertReceived();
    // The same files again, in the same batch: no second upload is counted.
    await page.setInputFiles('#plain', files);
    await page.waitForFunction(() => globalThis.bench.changes.length > 1);
    assert.equal((await shares()).length, 1);
    assertQuiet();
  });

  test('a form that is sent or reset while files are checked sends none of them', async () => {
    await choosePlain();
    await page.click('#plain-send');
    // As a script does it, which asks for no validity.
    const answered = page.waitForResponse(`${receiver.url}/upload`);
    await page.evaluate(() => document.querySelector('#plain-form').submit());
    await answered;
    assert.deepEqual(receiver.files, []);
    await page.evaluate(() => document.querySelector('#plain-form').reset());
    await page.waitForTimeout(1_000);
    const after = await page.evaluate(() => [document.querySelector('#plain').files.length, globalThis.bench.changes]);
    assert.deepEqual(after, [0, []]);
    assertQuiet();
  });

  test('what checks is loaded when somebody reaches for a file, and not before', async () => {
    const modules = [];
    page.on('request', (request) => request.url().endsWith('.wasm') && modules.push(request.url()));
    await page.evaluate(() => (globalThis.bench.input(), globalThis.bench.element()));
    await page.mouse.move(0, 0);
    await page.waitForTimeout(200);
    assert.deepEqual(modules, []);
    const loaded = page.waitForResponse((response) => response.url().endsWith('onmon_mp3_bg.wasm'));
    const warmedBy = page.waitForEvent('worker');
    await page.locator('onmon-upload').hover();
    await loaded;
    await warmedBy;
    await page.locator('#plain').focus();
    await page.waitForTimeout(200);
    assert.equal(modules.length, 1, 'once, by whichever widget');
    assertQuiet();
  });

  test('<onmon-upload>: its own guard has the token, set before it is defined or after', async () => {
    const permitWith = async (early) => {
      await page.evaluate(
        ([early, { server, token }]) => {
          const { bench } = globalThis;
          const element = document.querySelector('onmon-upload');
          if (early) element.token = token;
          element.setAttribute('server', server);
          bench.defineUpload();
          element.token = early ? element.token : token;
          bench.permit = new Promise((resolve) => {
            element.addEventListener('onmon-checked', ({ detail }) => resolve(detail.checked.permitId), { once: true });
          });
        },
        [early, { server: server.url, token }],
      );
      await page.locator('onmon-upload input').setInputFiles(files[0]);
      return page.evaluate(() => globalThis.bench.permit);
    };
    assert.match(await permitWith(true), /^prm_/);
    await page.reload();
    await page.waitForFunction(() => globalThis.bench);
    assert.match(await permitWith(false), /^prm_/);
  });

  test('<onmon-upload>: keyboard, drop, live words, removal, its form; accessible', async () => {
    await page.evaluate((url) => {
      document.querySelector('#element-form').action = `${url}/upload`;
      globalThis.bench.element();
    }, receiver.url);
    const element = page.locator('onmon-upload');
    assert.equal(await page.evaluate(() => document.querySelector('#element-form').checkValidity()), false, 'required');
    // Waited for before the keys are pressed: the dialogue is not caught at once.
    const choosing = page.waitForEvent('filechooser');
    await page.focus('#plain-send');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await (await choosing).setFiles(files.slice(0, 2));
    await dropOn(page, element, files.slice(2));
    assert.match(await element.locator('[part=status]').innerText(), /^Checking the rights/);
    const blocked = await page.evaluate(() => {
      const { form, validity, validationMessage } = document.querySelector('onmon-upload');
      return [form.id, validity.customError, validationMessage];
    });
    assert.deepEqual(blocked, ['element-form', true, 'Checking the rights…']);
    await page.waitForFunction(() => globalThis.bench.events.length === 5);
    const codes = (await page.evaluate(() => globalThis.bench.events)).filter(([, code]) => code);
    assert.deepEqual(Object.fromEntries(codes), MAY_NOT);
    assert.match(await element.locator('[part=alert]').innerText(), /(banned|broken)\.mp3: /);
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => globalThis.axe.run('onmon-upload'));
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0].html]), []);

    // Own music is taken out again, by the keyboard; the focus stays in the element.
    await element.getByRole('button', { name: 'Remove: own.mp3' }).focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.localName), 'onmon-upload');
    await page.click('#element-send');
    await received(2);
    await assertReceived(['note.txt', 'song.mp3']);
    await page.click('#element-reset');
    const [rows, held] = await element.evaluate((it) => [it.shadowRoot.querySelectorAll('li').length, it.files.length]);
    assert.deepEqual([rows, held], [0, 0]);
    assertQuiet();
  });

  test('Uppy: refused files have their reason, the others are uploaded; a retry is counted once', async () => {
    receiver.failNext(1);
    const first = await page.evaluate((url) => globalThis.bench.uppyAll(url), receiver.url);
    for (const [name, sentence] of Object.entries(SENTENCES)) assert.match(first.failed[name], sentence);
    assert.equal(first.successful.length, 2);
    assert.equal(Object.keys(first.failed).length, 3, 'one upload failed at the site');
    const second = await page.evaluate(async () => {
      const { bench } = globalThis;
      return bench.uppyResult(await bench.uppyOf.retryAll());
    });
    assert.equal(second.successful.length, 1);
    assert.deepEqual(Object.keys(second.failed).sort(), Object.keys(MAY_NOT));
    await assertReceived();
    const song = receiver.files.find(({ name }) => name === 'song.mp3');
    assert.equal(song.fields.onmonPermit, (await shares())[0].permit_id);
    const progress = await page.evaluate(() => globalThis.bench.progress);
    assert.ok(progress.length > 10 && progress.every((value) => value >= 0 && value <= 1));
    assertQuiet(/status of 500|\[Uppy\]/);
  });

  test('Uppy: a file that is removed is asked for no more, and one from a cloud is not let through', async () => {
    const result = await page.evaluate(async (url) => {
      const { bench } = globalThis;
      const uppy = bench.uppy(url);
      const data = [...document.querySelector('#files').files].find(({ name }) => name === 'song.mp3');
      const id = uppy.addFile({ name: 'song.mp3', type: 'audio/mpeg', data });
      uppy.addFile({ name: 'cloud.mp3', type: 'audio/mpeg', data: { size: 1 }, isRemote: true, remote: { url } });
      uppy.once('preprocess-progress', () => uppy.removeFile(id));
      return bench.uppyResult(await uppy.upload());
    }, receiver.url);
    assert.deepEqual(result.successful, []);
    assert.match(result.failed['cloud.mp3'], /^Files from the cloud/);
    assert.deepEqual(await shares(), []);
    assert.deepEqual(receiver.files, []);
  });

  test('FilePond: a refused file is shown with its reason and has no upload', async () => {
    await page.evaluate((url) => globalThis.bench.filepond(url), receiver.url);
    await received(3);
    await assertReceived();
    const shown = await page.locator('.filepond--file-status-main').allInnerTexts();
    assert.equal(shown.filter((text) => text === 'Not taken').length, 2, shown.join());
    const reasons = await page.locator('.filepond--file-status-sub').allInnerTexts();
    for (const sentence of Object.values(SENTENCES)) assert.ok(reasons.some((text) => sentence.test(text)), reasons.join());
    assertQuiet(/style|CSP|Content Security/);
  });

  test('react-dropzone: refused files are rejections with their codes, the others are accepted', async () => {
    await page.evaluate((url) => globalThis.bench.dropzone(url), receiver.url);
    await page.setInputFiles('#dropzone-input', files);
    await page.waitForSelector('#dropzone[data-state^="["]', { state: 'attached' });
    const rejections = JSON.parse(await page.getAttribute('#dropzone', 'data-state'));
    assert.deepEqual(Object.fromEntries(rejections), MAY_NOT);
    await assertReceived();
    assertQuiet(/style|Content Security/);
  });

  test('tus: nothing begins before the permit, which goes with it', async () => {
    assert.deepEqual(await page.evaluate((url) => globalThis.bench.tus(url), receiver.url), MAY_NOT);
    await assertReceived();
    const song = receiver.files.find(({ name }) => name === 'song.mp3');
    assert.equal(song.fields.onmonPermit, (await shares())[0].permit_id);
    assertQuiet();
  });

  test('what cannot be asked does not leave, and can be asked again', async () => {
    await context.route(`${server.url}/**`, (route) => route.abort());
    const refused = await page.evaluate((url) => globalThis.bench.tus(url), receiver.url);
    assert.deepEqual(refused, { ...MAY_NOT, 'song.mp3': 'network', 'banned.mp3': 'network', 'own.mp3': 'network' });
    assert.deepEqual(receiver.files.map(({ name }) => name), ['note.txt']);
    await context.unroute(`${server.url}/**`);
    const again = await page.evaluate(async () => {
      const { guards } = globalThis.bench;
      const own = [...document.querySelector('#files').files].find(({ name }) => name === 'own.mp3');
      return (await guards.tus.check(own)).ok;
    });
    assert.equal(again, true);
  });

  test('without an account files are identified; policies and sealing do as they say', async () => {
    const found = await page.evaluate(async () => {
      const { bench } = globalThis;
      const [song, banned, own, note, broken] = document.querySelector('#files').files;
      const plain = bench.guard('plain', { token: undefined, language: 'ja' });
      const strict = bench.guard('strict', { unregistered: 'block', unreadable: 'allow' });
      const sealing = bench.guard('sealing', { method: 'drm' });
      const brief = ({ ok, decision, permitId, file, code }) => [ok, decision, permitId, file?.name ?? null, code];
      const { message } = await plain.check(banned);
      return {
        plain: await Promise.all([song, banned, own, note].map(async (file) => brief(await plain.check(file)))),
        strict: await Promise.all([own, broken].map(async (file) => brief(await strict.check(file)))),
        sealed: (await sealing.check(song)).file.size - song.size,
        message,
        batch: (() => { try { return bench.guard('none', { batchId: 'a b' }); } catch (error) { return error.name; } })(),
      };
    });
    assert.deepEqual(found.plain, [
      [true, 'permit', null, 'song.mp3', null],
      [false, 'refuse', null, null, 'not_permitted'],
      [true, 'unregistered', null, 'own.mp3', null],
      [true, null, null, 'note.txt', null],
    ]);
    assert.deepEqual(found.strict, [
      [false, 'unregistered', null, null, 'not_permitted'],
      [true, null, null, 'broken.mp3', null],
    ]);
    assert.ok(found.sealed > 0 && found.sealed < 5_000, `${found.sealed} bytes more`);
    assert.match(found.message, /許諾/);
    assert.equal(found.batch, 'RangeError');
    assert.deepEqual((await shares()).map(({ method }) => method), ['drm']);
  });
});

/** Drops files on an element by the browser's own drag and drop. */
async function dropOn(page, element, dropped) {
  const session = await page.context().newCDPSession(page);
  await element.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await element.boundingBox();
  const data = { items: [], files: dropped, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await session.send('Input.dispatchDragEvent', { type, x: x + width / 2, y: y + Math.min(height / 2, 30), data });
  }
  await session.detach();
}
