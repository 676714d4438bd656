// Helia with the guard: of two peers one adds files as they may leave, the other fetches them by Bitswap.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { launch, open } from './browser.mjs';
import { enrolled, licensedBannedAndOwn } from './music.mjs';
import { installPacked, linkLibraries } from './packed.mjs';
import { account, binary, scratch, serve } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

const PEERS = fileURLToPath(new URL('helia/', import.meta.url));
const PAGE = `<!doctype html><html lang="en"><title>peers</title><link rel="icon" href="/icon">
  <input type="file" id="file"><script type="module" src="/onmon/dist/page.js"></script></html>`;
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:*";

describe('Helia in Chromium', () => {
  let folder;
  let files;
  let site;
  let server;
  let browser;
  let peers;

  before(async () => {
    folder = scratch();
    files = licensedBannedAndOwn(folder.path);
    const project = join(folder.path, 'project');
    mkdirSync(project);
    cpSync(join(PEERS, 'page.js'), join(project, 'page.js'));
    installPacked(project);
    linkLibraries(project);
    const { outputFiles } = await build({
      absWorkingDir: project,
      entryPoints: ['page.js'],
      bundle: true,
      format: 'esm',
      write: false,
      logLevel: 'error',
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    site = await serveFiles({
      folders: { '/onmon/': PACKAGE },
      pages: { '/': PAGE, '/icon': '', '/onmon/dist/page.js': outputFiles[0].contents },
      policy: POLICY,
    });
    server = await serve(folder.path, enrolled(files), { words: ['--open-registration', '--cors-origin', site.url] });
    browser = await launch();
    peers = await open(browser, site.url);
    await peers.page.waitForFunction(() => globalThis.bench);
    const options = { server: server.url, token: await account(server.url, 'giver') };
    await peers.page.evaluate((given) => globalThis.bench.start(given), options);
  });

  after(async () => {
    await peers?.context.close();
    await browser?.close();
    await server?.close();
    await site?.close();
    folder?.close();
  });

  const passOn = async (file, method) => {
    await peers.page.setInputFiles('#file', file);
    const { permitId, base64, code } = await peers.page.evaluate(
      (how) => globalThis.bench.passOn(how).catch((error) => ({ code: error.code ?? String(error) })),
      method,
    );
    return { permitId, code, bytes: base64 && Buffer.from(base64, 'base64') };
  };

  test('the other peer gets the song with its tag, under the permit that was counted', async () => {
    const { permitId, bytes, code } = await passOn(files[0], 'tag');
    assert.equal(code, undefined);
    const got = join(folder.path, 'got.mp3');
    writeFileSync(got, bytes);
    const read = execFileSync(binary('onmon', 'ONMON'), ['tag', 'read', got], { encoding: 'utf8' });
    assert.match(read, new RegExp(permitId));
  });

  test('sealed, it gets nothing that plays', async () => {
    const { permitId, bytes } = await passOn(files[0], 'drm');
    assert.match(permitId, /^prm_/);
    assert.ok(!bytes.includes(readFileSync(files[0]).subarray(10_000, 10_064)));
  });

  test('what nobody has registered goes as it is; what may not leave is not even added', async () => {
    const own = await passOn(files[2], 'tag');
    assert.ok(own.bytes.equals(readFileSync(files[2])));
    const before = await peers.page.evaluate(() => globalThis.bench.blocks());
    assert.ok(before > 0);
    assert.equal((await passOn(files[1], 'tag')).code, 'not_permitted');
    assert.equal(await peers.page.evaluate(() => globalThis.bench.blocks()), before);
    assert.deepEqual(peers.complaints, []);
  });
});
