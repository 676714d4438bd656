// The packed package in what sites are built with: each builds a page, Chromium opens it and makes of a real
// song the bytes that the command line makes of it. Vite's development server is in package.test.mjs, Node in
// wasm/npm/test/packed.test.mjs.
//
// Next weighs 340 MB and is left out unless ONMON_NEXT is set.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build as esbuild } from 'esbuild';
import webpack from 'webpack';

import { launch, open } from './browser.mjs';
import { stem, tracks } from './music.mjs';
import { installPacked } from './packed.mjs';
import { binary, scratch } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

const PAGES = fileURLToPath(new URL('bundlers/', import.meta.url));
const NEXT_LIMIT_MS = 300_000;

const html = (script) => `<!doctype html><title>song</title><link rel="icon" href="/icon">
  <input type="file" id="file"><script type="module" src="${script}"></script>`;

describe('the packed package, built into a page', () => {
  let folder;
  let project;
  let browser;
  let song;
  let expected;

  before(async () => {
    folder = scratch();
    project = join(folder.path, 'project');
    mkdirSync(project);
    cpSync(PAGES, project, { recursive: true, filter: (path) => !path.includes('node_modules') });
    installPacked(project);
    [song] = tracks(1);
    execFileSync(binary('onmon', 'ONMON'), ['extract', '-o', folder.path, song], { stdio: 'ignore' });
    expected = readFileSync(join(folder.path, `${stem(song)}.afp`));
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    folder?.close();
  });

  /** Opens the built page and has it fingerprint the song; what it complains of is a fault. */
  async function assertFingerprints(url) {
    const { context, page, complaints } = await open(browser, url);
    await page.waitForFunction(() => globalThis.fingerprintOf);
    await page.setInputFiles('#file', song);
    const bytes = await page.evaluate(() => globalThis.fingerprintOf(document.querySelector('#file').files[0]));
    assert.deepEqual(Buffer.from(bytes), expected);
    assert.deepEqual(complaints, []);
    await context.close();
  }

  /** The same of a folder of files, under the policy that the package promises to run under. */
  async function assertServed(built, script) {
    const site = await serveFiles({ folders: { '/built/': built }, pages: { '/': html(script), '/icon': '' } });
    try {
      await assertFingerprints(site.url);
    } finally {
      await site.close();
    }
  }

  test('webpack 5, without settings', async () => {
    const built = join(project, 'webpack');
    const compiler = webpack({
      mode: 'production',
      context: project,
      entry: './page.js',
      output: { path: built },
      // It says that 1.6 MB are much for a page; they are loaded when they are needed.
      performance: false,
    });
    const stats = await new Promise((resolve, reject) => {
      compiler.run((error, made) => compiler.close(() => (error ? reject(error) : resolve(made))));
    });
    assert.equal(stats.toString({ all: false, errors: true, warnings: true }), '');
    await assertServed(built, '/built/main.js');
  });

  test('esbuild, told where worker and module lie', async () => {
    const built = join(project, 'esbuild');
    const { warnings } = await esbuild({
      absWorkingDir: project,
      entryPoints: { page: './esbuild-page.js', worker: 'onmon/worker.js' },
      outdir: built,
      bundle: true,
      minify: true,
      format: 'esm',
      loader: { '.wasm': 'file' },
      logLevel: 'silent',
    });
    assert.deepEqual(warnings, []);
    await assertServed(built, '/built/page.js');
  });

  test('Vite, without settings', async () => {
    const { build } = await import(pathToFileURL(join(PACKAGE, 'node_modules/vite/dist/node/index.js')));
    writeFileSync(join(project, 'index.html'), html('/page.js').replace('/icon', 'data:,'));
    await build({ root: project, base: '/built/', logLevel: 'warn', configFile: false, build: { outDir: 'vite' } });
    const page = readFileSync(join(project, 'vite/index.html'), 'utf8');
    await assertServed(join(project, 'vite'), /src="([^"]+)"/.exec(page)[1]);
  });

  const optional = { skip: !process.env.ONMON_NEXT && 'set ONMON_NEXT to install Next', timeout: NEXT_LIMIT_MS };
  test('Next: on the server while it renders, and in the browser', optional, async () => {
    const site = join(project, 'next');
    installPacked(site);
    const run = (program, ...words) => execFileSync(program, words, { cwd: site, stdio: ['ignore', 'pipe', 'inherit'] });
    run('npm', 'install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', join(site, 'onmon-0.1.0.tgz'));
    const next = join(site, 'node_modules/.bin/next');
    run(next, 'build');
    const server = spawn(next, ['start', '--port', '0', '--hostname', '127.0.0.1'], {
      cwd: site,
      env: { ...process.env, SONG: song },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    try {
      const url = await addressOf(server);
      const rendered = await (await fetch(url)).text();
      assert.ok(rendered.includes(`data-bytes="${expected.toString('hex')}"`), 'made by the server component');
      await assertFingerprints(url);
    } finally {
      // With what it has started itself.
      process.kill(-server.pid, 'SIGTERM');
      await once(server, 'exit');
    }
  });
});

/** The address that `next start` prints. */
async function addressOf(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url) return url;
  }
  throw new Error('next did not start');
}
