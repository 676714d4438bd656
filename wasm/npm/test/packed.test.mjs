// The package as users get it: packed, installed into an empty project, imported, typed and bundled.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';

import { vectors, wav } from './vectors.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const TOOLS = join(PACKAGE, 'node_modules');

let project;
let packedFile;
let files;

before(() => {
  project = mkdtempSync(join(tmpdir(), 'onmon-packed-'));
  // Packing must not run a build: what is tested is what lies there.
  const packed = JSON.parse(npm(PACKAGE, 'pack', '--json', '--ignore-scripts', '--pack-destination', project));
  const [{ filename, files: listed }] = Array.isArray(packed) ? packed : Object.values(packed);
  files = listed.map(({ path }) => path);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  packedFile = join(project, filename);
  npm(project, 'install', '--offline', '--no-audit', '--no-fund', packedFile);
  symlinkSync(join(TOOLS, '@uppy'), join(project, 'node_modules/@uppy'));
});

after(() => rmSync(project, { recursive: true, force: true }));

test('holds what it needs and nothing else', () => {
  const strange = files.filter((path) => !/^(dist\/(adapters\/)?[\w-]+\.(js|d\.ts)|pkg\/onmon_(capacity|common|extract|mp3|wasm|tag)(\.js|_bg\.wasm)|package\.json|README\.md|LICENSE-(MIT|APACHE)|THIRD-PARTY\.md)$/.test(path));
  assert.deepEqual(strange, []);
  for (const path of ['dist/browser.js', 'dist/node.js', 'dist/worker.js', 'dist/tag-browser.js', 'dist/sealed-entry.js', 'dist/eme-entry.js', 'dist/player-entry.js', 'dist/guard-browser.js', 'dist/live-browser.js', 'dist/live-worklet.js', 'dist/adapters/uppy.js', 'pkg/onmon_capacity_bg.wasm', 'pkg/onmon_common_bg.wasm', 'pkg/onmon_extract_bg.wasm', 'pkg/onmon_mp3_bg.wasm', 'pkg/onmon_wasm_bg.wasm', 'pkg/onmon_tag_bg.wasm', 'README.md', 'LICENSE-MIT', 'THIRD-PARTY.md']) {
    assert.ok(files.includes(path), path);
  }
});

test('works in Node', () => {
  const vector = vectors()[0];
  writeFileSync(join(project, 'song.wav'), wav(vector));
  const script = `
    import { readFile } from 'node:fs/promises';
    import { fingerprint } from 'onmon';
    const { bytes } = await fingerprint(await readFile('song.wav'));
    process.stdout.write(Buffer.from(bytes).toString('hex'));
  `;
  assert.equal(node(script), Buffer.from(vector.afp).toString('hex'));
});

test('both entries can be imported where there is no browser, touching nothing', () => {
  const script = `
    for (const name of ['Worker', 'Blob', 'fetch', 'location', 'document', 'window', 'self', 'navigator']) {
      Object.defineProperty(globalThis, name, { configurable: true, get() { throw new Error('touched ' + name); } });
    }
    const browser = await import('./node_modules/onmon/dist/browser.js');
    const node = await import('./node_modules/onmon/dist/node.js');
    for (const other of ['tag-browser', 'tag-node', 'sealed-entry', 'eme-entry', 'player-entry', 'sharing-browser', 'sharing-node', 'guard-browser', 'guard-node', 'live-browser', 'live-node', 'capacity-browser', 'capacity-node', 'adapters/input', 'adapters/upload', 'adapters/filepond', 'adapters/dropzone', 'adapters/tus', 'adapters/webtorrent', 'adapters/helia']) await import('./node_modules/onmon/dist/' + other + '.js');
    process.stdout.write([Object.keys(browser).sort(), Object.keys(node).sort()].join(' '));
  `;
  const names = 'Extractor,OnmonError,essence,fingerprint,identify,inspect,prepare';
  assert.equal(node(script), `${names} ${names}`);
});

/** Every entry as a program uses it. */
const TYPED = `import { Extractor, essence, fingerprint, identify, OnmonError, type Answer, type Fingerprint, type RangeSource } from 'onmon';
       import { connectKeys, requestLicence, type KeyConnection } from 'onmon/eme';
       import { OnmonPlayer, type PlayerState } from 'onmon/player';
       import { open, seal } from 'onmon/sealed';
       import { purchase, share, type Recheck, type Shared } from 'onmon/sharing';
       import { readTag, verifyTag, writeTag, type KeySet } from 'onmon/tag';
       import { Guard, Incoming, type Checked } from 'onmon/guard';
       import { capacityModel, type FarmRow } from 'onmon/capacity';
       import { listen, openStream, type LiveReport } from 'onmon/live';
       import { guardInput } from 'onmon/input';
       import { OnmonUpload, defineUpload } from 'onmon/upload';
       import { OnmonUppy } from 'onmon/uppy';
       import { filePondGuard } from 'onmon/filepond';
       import { checkedFiles, dropzoneValidator, type DropzoneError } from 'onmon/dropzone';
       import { guardedUpload } from 'onmon/tus';
       import { guardedAddFile, type UnixFs } from 'onmon/helia';
       import { checkedAdd, guardedSeed, type Torrent, type TorrentClient } from 'onmon/webtorrent';
       import Uppy from '@uppy/core';
       export async function peer(client: TorrentClient<Torrent>, file: File, magnet: string): Promise<Blob | undefined> {
         await guardedSeed(client, file, { guard: new Guard({ token: 't' }), torrent: { announce: [] } });
         const { files } = await checkedAdd(client, magnet, { incoming: new Incoming({ token: 't' }), pay: ([offer]) => offer?.price.sen === 0 });
         return files[0]?.content;
       }
       export async function planned(): Promise<FarmRow> {
         const model = await capacityModel({ wholeS: 5 });
         console.log(model.shapes(6, 1.02).map(({ meanS }) => meanS), model.longer({ parts: 6, groups: 1 }, 1.02, [8])[0]);
         return model.cheapest({ ratePerS: 10, targetS: 13 });
       }
       export async function added(fs: UnixFs<{ toString(): string }, { pin?: boolean }>, file: File): Promise<string> {
         const { cid, checked } = await guardedAddFile(fs, file, { guard: new Guard({ token: 't' }), unixfs: { pin: true } });
         return cid.toString() + checked.permitId;
       }
       export async function heard(stream: MediaStream, codes: Uint8Array): Promise<LiveReport> {
         const listening = await listen(stream, { onReport: ({ segments }) => console.log(segments.at(-1)?.recording?.title), onCodes: (some, first) => console.log(first + some.length) });
         const other = await openStream({ server: 'https://example.org' });
         other.add(codes);
         console.log((await other.send()).sentBytes);
         return listening.stop();
       }
       export async function elsewhere(size: number, read: RangeSource['read']): Promise<number> {
         return (await fingerprint({ size, name: 'song.mp3', read })).readBytes;
       }
       export async function guarded(input: HTMLInputElement, file: File, Tus: new (file: Blob, options: { endpoint: string; metadata?: Record<string, string> }) => { start(): void }): Promise<Checked> {
         const guard = new Guard({ token: async () => 't', method: 'tag', unregistered: 'block' });
         const end: () => void = guardInput(input, guard, { onChecked: ([first]) => console.log(first?.checked.code) });
         end();
         defineUpload();
         (document.createElement('onmon-upload') as OnmonUpload).guard = guard;
         new Uppy().use(OnmonUppy, { guard, remote: 'server' });
         filePondGuard(guard)({ addFilter: (name: 'LOAD_FILE') => console.log(name) });
         const error: DropzoneError | null = await dropzoneValidator(guard)(file);
         if (error === null) console.log(checkedFiles(guard, [file]));
         (await guardedUpload(Tus, file, { endpoint: '/' }, guard)).start();
         return guard.check(file);
       }
       export async function shared(file: File, token: string): Promise<Blob | null> {
         const made: Shared = await share(file, { method: 'drm', token, server: 'https://example.org' });
         if (made.file) await purchase(made.file, { token });
         return made.file;
       }
       export async function rechecked(file: File, token: string): Promise<Recheck | null> {
         return (await purchase(file, { token, recheck: true })).recheck;
       }
       export async function player(audio: HTMLAudioElement, session: MediaKeySession): Promise<KeyConnection> {
         session.onmessage = async ({ message }) => session.update(await requestLicence(message, { token: 't' }));
         return connectKeys(audio, { token: async () => 't', onLicence: (error) => console.log(error?.code) });
       }
       export async function played(audio: HTMLAudioElement, file: File): Promise<PlayerState> {
         const player = new OnmonPlayer(audio, { token: 't', storage: localStorage, onChange: ({ offer }) => console.log(offer?.price.yen) });
         if ((await player.load(file)) === 'locked') await player.buy();
         return player.state;
       }
       export async function unlocked(file: File, tag: Uint8Array, keys: KeySet, key: Uint8Array): Promise<boolean> {
         const found = await readTag(await writeTag(file, tag));
         const { digest } = await essence(await open(await seal(file, key, '00'.repeat(16)), key));
         return found !== null && (await verifyTag(found, keys)).essence.every((byte, at) => byte === digest[at]);
       }
       export async function decide(file: File, signal: AbortSignal): Promise<Answer['decision']> {
         const made: Fingerprint = await fingerprint(file, { signal, onProgress: ({ phase, fraction }) => console.log(phase, fraction) });
         const extractor: Extractor = await Extractor.create({ sampleRate: 48_000 });
         const codes: Uint8Array = extractor.push(new Float32Array(128));
         // @ts-expect-error a path is not audio
         await fingerprint('song.mp3').catch((error: unknown) => error instanceof OnmonError && error.code === 'aborted');
         return (await identify(made, { server: 'https://example.org' })).decision;
       }`;

/** Bytes of one adapter as a server would send it, with what it has of its own; `reached` is of two. */
const ADAPTER_BROTLI_BYTES_MAX = { dropzone: 2_000, filepond: 2_000, helia: 2_000, input: 2_000, reached: 1_000, tus: 2_000, uppy: 2_000, upload: 4_000, webtorrent: 2_000 };

test('adapters weigh next to nothing beside what they are plugged into', () => {
  const folder = join(project, 'node_modules/onmon/dist/adapters');
  const sizes = {};
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.js'))) {
    const adapter = name.replace(/(-.*)?\.js$/, '');
    sizes[adapter] = (sizes[adapter] ?? 0) + brotliCompressSync(readFileSync(join(folder, name))).length;
  }
  assert.deepEqual(Object.keys(sizes).sort(), Object.keys(ADAPTER_BROTLI_BYTES_MAX).sort());
  for (const [name, bytes] of Object.entries(sizes)) assert.ok(bytes <= ADAPTER_BROTLI_BYTES_MAX[name], `${name}: ${bytes} bytes`);
});

test('publint and arethetypeswrong find nothing', async () => {
  const tarball = readFileSync(packedFile);
  const { messages } = await publint({ pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.length) }, strict: true });
  assert.deepEqual(messages, []);
  const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  assert.ok(checked.types, 'has types');
  // ES modules alone, so `require` and the resolution of Node 10 are left out, and files that are no modules.
  const ours = checked.problems.filter(({ kind, resolutionKind, entrypoint }) =>
    kind !== 'CJSResolvesToESM' && resolutionKind !== 'node10' && !/\.(wasm|json)$|worker\.js$/.test(entrypoint ?? ''));
  assert.deepEqual(ours, []);
});

for (const resolution of ['NodeNext', 'Bundler']) {
  test(`has types that hold, resolved as ${resolution}`, () => {
    writeFileSync(join(project, 'typed.ts'), TYPED);
    const module = resolution === 'Bundler' ? 'ESNext' : 'NodeNext';
    run(project, join(TOOLS, '.bin/tsc'), '--noEmit', '--strict', '--module', module, '--moduleResolution', resolution, '--target', 'es2022', '--lib', 'es2023,dom,esnext.disposable', '--types', '', 'typed.ts');
  });
}

test('is bundled by Vite without settings: worker and modules become files of their own', () => {
  mkdirSync(join(project, 'src'), { recursive: true });
  writeFileSync(join(project, 'index.html'), '<!doctype html><script type="module" src="/src/main.js"></script>');
  writeFileSync(join(project, 'src/main.js'), "import { fingerprint } from 'onmon'; import { listen } from 'onmon/live'; Object.assign(globalThis, { fingerprint, listen });");
  symlinkSync(join(TOOLS, 'vite'), join(project, 'node_modules/vite'));
  run(project, join(TOOLS, '.bin/vite'), 'build', '--logLevel', 'warn');
  const built = readdirSync(join(project, 'dist/assets'));
  // The one of tags is there for the worker, and is not fetched by who does not use it.
  const modules = built.filter((name) => name.endsWith('.wasm')).map((name) => name.replace(/-.*/, ''));
  assert.deepEqual(modules.sort(), ['onmon_common_bg', 'onmon_extract_bg', 'onmon_mp3_bg', 'onmon_tag_bg', 'onmon_wasm_bg'], built.join());
  assert.equal(built.filter((name) => /^worker-.*\.js$/.test(name)).length, 1, built.join());
  // Small enough to be put into the script, which a strict policy would not let in.
  assert.equal(built.filter((name) => /^live-worklet-.*\.js$/.test(name)).length, 1, built.join());
  const text = built.filter((name) => name.endsWith('.js')).map((name) => readFileSync(join(project, 'dist/assets', name), 'utf8')).join('');
  for (const forbidden of [/\beval\(/, /new Function\(/, /createObjectURL/, /https:\/\/(unpkg|cdn|esm)\b/]) {
    assert.doesNotMatch(text, forbidden);
  }
});

function node(script) {
  return run(project, process.execPath, '--input-type=module', '--eval', script);
}

function npm(folder, ...words) {
  return run(folder, 'npm', ...words);
}

function run(folder, program, ...words) {
  const options = { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
  try {
    return execFileSync(program, words, options);
  } catch (error) {
    throw new Error(`${program} ${words.join(' ')}\n${error.stdout}\n${error.stderr}`);
  }
}
