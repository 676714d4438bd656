// Which of the modules that decode is loaded, and when.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Decoding } from '../dist/decoding.js';
import { nodePlatform } from '../dist/platform-node.js';
import { warmUpFile } from '../dist/warm-up.js';

const BYTES = readFileSync(new URL('../pkg/onmon_wasm_bg.wasm', import.meta.url));

/** What is fetched from beside the package. */
function watched() {
  const fetched = [];
  const from = (name) => async () => {
    fetched.push(name);
    return readFileSync(new URL(`../pkg/${name}_bg.wasm`, import.meta.url));
  };
  const platform = { fetchWasm: from('onmon_wasm'), fetchMp3Wasm: from('onmon_mp3'), fetchCommonWasm: from('onmon_common') };
  return { fetched, decoding: new Decoding(platform, undefined) };
}

test('prepared without words, the module of MP3 is loaded, once', async () => {
  const { fetched, decoding } = watched();
  await decoding.prepare();
  await decoding.prepare();
  assert.deepEqual(fetched, ['onmon_mp3']);
});

test('who has said where the module is has not the other one fetched, however often it prepares', async () => {
  const { fetched, decoding } = watched();
  await decoding.prepare(BYTES);
  await decoding.prepare();
  assert.equal((await decoding.functions()).limits().hopMs, 50);
  assert.deepEqual(fetched, []);
});

test('one worker warms up, once; one that comes after a file does not begin', async () => {
  const workers = { started: 0, ended: 0 };
  const startWorker = (listener, make) => {
    workers.started += 1;
    const { send, terminate } = nodePlatform.startWorker(listener, make);
    return { send, terminate: () => ((workers.ended += 1), terminate()) };
  };
  const decoding = new Decoding({ ...nodePlatform, startWorker }, undefined);
  await decoding.warmUp();
  await decoding.warmUp();
  assert.deepEqual(workers, { started: 1, ended: 1 });

  const other = new Decoding({ ...nodePlatform, startWorker }, undefined);
  const warming = other.warmUp();
  const read = other.run({ kind: 'fingerprint', pictures: false }, warmUpFile());
  await assert.rejects(warming, { code: 'aborted' });
  assert.ok((await read).result.bytes.length > 100);
  await other.warmUp();
  assert.equal(workers.started, workers.ended);
  assert.ok(workers.started <= 3, `${workers.started} workers`);
});
