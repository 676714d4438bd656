// A real onmon-server over a library that the real command line filled.

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../web-demo/dist', import.meta.url));
const START_LIMIT_MS = 30_000;

/** A binary of the workspace: from the environment, else where cargo puts it. */
export function binary(name, variable) {
  const path = process.env[variable] || fileURLToPath(new URL(`../../target/debug/${name}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is missing: build it, or set ${variable}`);
  return path;
}

/** A folder for one test run, removed by `close`. */
export function scratch() {
  const path = mkdtempSync(join(tmpdir(), 'onmon-browser-'));
  return { path, close: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Enrols `songs` ([{file, recordingId, title, artist, rights}]) into a library below `folder`, and serves it
 * with the built page, or with the files of `root`; `words` are more for the server's command line. Returns
 * {url, adminToken, close}.
 */
export async function serve(folder, songs, { root = PAGE, words = [] } = {}) {
  const library = join(folder, 'library');
  const catalogue = join(folder, 'catalogue.csv');
  const stemOf = (file) => basename(file).replace(/\.[^.]*$/, '');
  const lines = songs.map((song) => [stemOf(song.file), song.recordingId, song.title, song.artist, song.rights]);
  const header = ['file', 'recording_id', 'title', 'artist', 'rights'];
  writeFileSync(catalogue, [header, ...lines].map((line) => `${line.map(quoted).join(',')}\n`).join(''));
  const enrol = ['enrol', '--library', library, '--catalogue', catalogue];
  execFileSync(binary('onmon', 'ONMON'), [...enrol, ...songs.map(({ file }) => file)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return start(folder, library, root, words);
}

/** A new account of a server with open registration: its API key. */
export async function register(url, name) {
  const headers = { 'content-type': 'application/json' };
  const made = await fetch(`${url}/v1/accounts`, { method: 'POST', headers, body: JSON.stringify({ name }) });
  if (!made.ok) throw new Error(`no account: ${made.status}`);
  return (await made.json()).api_key;
}

/** The same, signed in: its token. */
export async function account(url, name) {
  const headers = { authorization: `Bearer ${await register(url, name)}` };
  const given = await fetch(`${url}/v1/tokens`, { method: 'POST', headers });
  if (!given.ok) throw new Error(`no token: ${given.status}`);
  return (await given.json()).access_token;
}

async function start(folder, library, root, more) {
  const token = join(folder, 'admin-token');
  const adminToken = randomBytes(16).toString('hex');
  writeFileSync(token, adminToken, { mode: 0o600 });
  const words = ['--data', library, '--listen', '127.0.0.1:0', '--admin-token-file', token, '--web-root', root, ...more];
  const server = spawn(binary('onmon-server', 'ONMON_SERVER'), words, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const close = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGTERM');
    await once(server, 'exit');
  };
  try {
    return { url: await listening(server), adminToken, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function listening(server) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the server did not start')), START_LIMIT_MS);
    server.once('exit', (code) => reject(new Error(`the server ended at once with ${code}`)));
    server.once('error', reject);
    createInterface({ input: server.stdout }).on('line', (line) => {
      const url = /listening on (http:\S+)/.exec(line)?.[1];
      if (!url) return;
      clearTimeout(late);
      resolve(url);
    });
  });
}

function quoted(value) {
  return `"${String(value).replaceAll('"', '""')}"`;
}
