// A song's fingerprint in Chromium, from the file in hand, by three ways side by side: this package,
// @unimusic/chromaprint, and all of the file through decodeAudioData and our Extractor. Time, the renderer's
// memory, the longest task of the page's thread, bytes that leave, bytes that are loaded. One JSON object a
// line, for `cargo xtask bench web`.
//
//   MUSIC=DIR node tests/browser/race.mjs [ENDING...]

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

import { launch, open } from './browser.mjs';
import { bundle } from './bundle.mjs';
import { tracks } from './music.mjs';
import { scratch } from './service.mjs';
import { PACKAGE, serveFiles } from './site.mjs';

/** A song of four and a half minutes. */
const SONG_S = 270;

const ENCODINGS = {
  mp3: ['-c:a', 'libmp3lame', '-b:a', '192k'],
  ogg: ['-c:a', 'libvorbis', '-q:a', '5'],
  flac: ['-c:a', 'flac'],
  m4a: ['-c:a', 'aac', '-b:a', '160k'],
};

const WAYS = ['onmon', 'chromaprint', 'whole'];

/** Between arriving or reaching, and the file. */
const SETTLE_MS = 300;

/** Of each way in a browser profile of its own each; odd, so that a median is one of them. */
const ROUNDS = 5;

const PAGE = `<!doctype html><title>race</title><link rel="icon" href="/icon">
  <input type="file" id="file"><script type="module" src="/page.js"></script>`;

const endings = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(ENCODINGS);
const folder = scratch();
const site = await serveRace();
const songs = Object.fromEntries(endings.map((ending) => [ending, song(ending)]));
const browser = await launch();
const session = await browser.newBrowserCDPSession();
const loaded = Object.fromEntries(await pairs(WAYS, sizesOf));
tell({ browser: browser.version(), cpu: cpus()[0].model, cores: cpus().length, song_s: SONG_S, rounds: ROUNDS });
try {
  for (const ending of endings) await race(ending, songs[ending]);
} finally {
  await browser.close();
  await site.close();
  folder.close();
}

/** All three ways on one file, in turn, so that what else the machine does meets each of them. */
async function race(ending, file) {
  const seen = Object.fromEntries(WAYS.map((way) => [way, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of WAYS) seen[way].push(await visits(way, file));
  }
  for (const way of WAYS) {
    const of = (key) => Math.round(median(seen[way].map((visit) => visit[key])) * 10) / 10;
    const sentBytes = await sentBy(way, file);
    tell({
      file: ending,
      file_bytes: statSync(file).size,
      way,
      first_ms: of('first'),
      reached_ms: of('reached'),
      later_ms: of('later'),
      next_ms: of('next'),
      peak_mib: of('peak'),
      peak_grown_mib: of('grown'),
      longest_task_ms: of('longest'),
      sent_bytes: sentBytes,
      ...loaded[way],
    });
  }
}

/**
 * In a fresh profile: the first visit, with the memory that it takes; a later one, with the browser's cache;
 * another file on the page that is open already. In another one: the first visit of somebody who reaches for a
 * file before they give it.
 */
async function visits(way, file) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await arrive(page, () => page.goto(site.url), file);
  const before = await renderers();
  const first = await page.evaluate((name) => globalThis.race(name), way);
  const { peak, grown } = await peakSince(before);
  await arrive(page, () => page.reload(), file);
  const later = await page.evaluate((name) => globalThis.race(name), way);
  const next = await page.evaluate((name) => globalThis.race(name), way);
  await context.close();
  const reached = await visitOfOneWhoReaches(way, file);
  const longest = Math.max(...[first, later, next, reached].map(({ longestTaskMs }) => longestTaskMs));
  return { first: first.ms, reached: reached.ms, later: later.ms, next: next.ms, peak, grown, longest };
}

async function visitOfOneWhoReaches(way, file) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await arrive(page, () => page.goto(site.url), file);
  await page.evaluate((name) => globalThis.reach(name), way);
  await page.waitForTimeout(SETTLE_MS); // A hand that drags or picks a file takes longer.
  const result = await page.evaluate((name) => globalThis.race(name), way);
  await context.close();
  return result;
}

async function arrive(page, go, file) {
  await go();
  await page.waitForFunction(() => globalThis.race);
  await page.setInputFiles('#file', file);
  // What belongs to arriving is not the file's.
  await page.waitForTimeout(SETTLE_MS);
}

/** Resident memory of each renderer, in MiB by process id; each one's peak is counted from here on. */
async function renderers() {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const ids = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  return new Map(
    ids.map((id) => {
      // Linux then forgets the peak that it has seen (proc_pid_clear_refs(5)).
      writeFileSync(`/proc/${id}/clear_refs`, '5');
      return [id, statusMib(id, 'VmRSS')];
    }),
  );
}

/** Peak of the renderer that grew most: the page's, for the others have nothing to do. */
async function peakSince(before) {
  const grown = [...before].map(([id, atRest]) => {
    const peak = statusMib(id, 'VmHWM');
    return { peak, grown: peak - atRest };
  });
  return grown.reduce((most, one) => (one.grown > most.grown ? one : most));
}

function statusMib(id, key) {
  return Number(new RegExp(`^${key}:\\s*(\\d+) kB`, 'm').exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]) / 1_024;
}

/** Bytes that a page sends which sends what was made, and nothing before that. */
async function sentBy(way, file) {
  const { context, page, traffic } = await open(browser, site.url);
  await arrive(page, async () => {}, file);
  const { bytes } = await page.evaluate((name) => globalThis.race(name), way);
  if (traffic.bodyBytes() > 0) throw new Error(`${way} sent ${traffic.bodyBytes()} bytes by itself`);
  await page.evaluate((made) => fetch('/sink', { method: 'POST', body: Uint8Array.from(made) }), bytes);
  const sent = traffic.bodyBytes();
  await context.close();
  return sent;
}

/** What a first visit loads of scripts and modules, as a site would send it: each file by brotli. */
async function sizesOf(way) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const urls = new Set();
  context.on('request', (request) => /\/onmon\/.*\.(js|wasm)$/.test(request.url()) && urls.add(request.url()));
  await arrive(page, () => page.goto(site.url), songs[endings[0]]);
  await page.evaluate((name) => globalThis.race(name), way);
  await context.close();
  // Asked for again: of a module that was compiled as it came, Chromium has kept nothing.
  const bodies = await Promise.all([...urls].map(async (url) => (await fetch(url)).arrayBuffer()));
  const sizes = bodies.map((body) => brotliCompressSync(body).length);
  return { loaded_files: sizes.length, loaded_brotli_bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Everything as a site would have it: bundled, minified, and kept by the browser. */
async function serveRace() {
  const scripts = await pairs(WAYS, async (way) => bundle(`race/${way}.js`, { minify: true }));
  const chromaprint = createRequire(import.meta.url).resolve('@unimusic/chromaprint');
  return serveFiles({
    folders: { '/onmon/': PACKAGE },
    pages: {
      '/': PAGE,
      '/icon': '',
      '/page.js': readFileSync(new URL('race/page.js', import.meta.url)),
      ...Object.fromEntries(scripts.map(([way, script]) => [`/onmon/dist/${way}.js`, script])),
      '/onmon/dist/worker.js': await bundle(join(PACKAGE, 'dist/worker.js'), { minify: true }),
      '/onmon/dist/chromaprint.wasm': readFileSync(join(chromaprint, '../chromaprint.wasm')),
    },
    headers: { 'cache-control': 'max-age=3600' },
  });
}

/** The first track of MUSIC, cut, or begun again where it is too short, and encoded. */
function song(ending) {
  const made = join(folder.path, `song.${ending}`);
  const words = ['-v', 'error', '-stream_loop', '-1', '-i', tracks(1)[0], '-map', '0:a', '-map_metadata', '-1'];
  execFileSync('ffmpeg', [...words, '-t', String(SONG_S), ...ENCODINGS[ending], made], { stdio: ['ignore', 'ignore', 'inherit'] });
  return made;
}

async function pairs(names, valueOf) {
  const all = [];
  for (const name of names) all.push([name, await valueOf(name)]);
  return all;
}

function median(values) {
  return values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
}

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
