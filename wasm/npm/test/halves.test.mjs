// A long file in two halves: what comes of them together, and what when one of them does not do its share. The
// workers are played here; that real ones give what a single one gives is for tests/browser/package.test.mjs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { extraction } from '../dist/extraction-node.js';
import { extracted } from '../dist/halves.js';

const TASK = { kind: 'fingerprint', pictures: true };
const FILE = new Blob([new Uint8Array(2 << 20)]);
const CODES = Uint8Array.from({ length: 1_800 }, (_, at) => (at * 73) % 251);
const engine = { platform: { halvesFiles: () => true }, functions: () => extraction.functions() };

/** What a worker would make of all samples, or of one half of them. */
async function made(part, parts = 1) {
  const each = CODES.length / parts;
  const functions = await extraction.functions();
  const bytes = functions.queryFromStretch(part * each, CODES.subarray(part * each, (part + 1) * each));
  const spent = { decodeMs: 10 + part, extractMs: 5, readBytes: 100 };
  return { bytes, codes: 5_000, ...spent, pictures: [`picture ${part}`], isWhole: parts === 1 };
}

/** Workers that do as `does` says, and what they were asked. */
function workshop(does, isIdle = true) {
  const asked = [];
  const run = async ({ part, parts }, input, { signal, onProgress }) => {
    asked.push({ part, signal });
    onProgress?.({ phase: 'extract', fraction: 0.5 });
    const result = await does({ part, parts, signal });
    onProgress?.({ phase: 'done', fraction: 1 });
    return { result, workMs: 1 };
  };
  return { asked, run, isIdle };
}

function untilAborted(signal) {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
}

test('two halves are the whole, and progress is that of both', async () => {
  const both = workshop(({ part, parts }) => made(part, parts));
  const told = [];
  const { result } = await extracted(engine, both, TASK, FILE, { onProgress: (progress) => told.push(progress) });
  const whole = await made(0);
  assert.deepEqual(Buffer.from(result.bytes), Buffer.from(whole.bytes));
  assert.deepEqual(result.pictures, ['picture 0', 'picture 1']);
  assert.deepEqual([result.codes, result.decodeMs, result.readBytes], [5_000, 11, 200]);
  assert.deepEqual(both.asked.map(({ part }) => part), [0, 1]);
  assert.deepEqual(told.map(({ phase }) => phase).filter((phase, at, all) => phase !== all[at - 1]), ['load', 'extract', 'done']);
  const fractions = told.map(({ fraction }) => fraction);
  assert.deepEqual(fractions, fractions.toSorted((one, other) => one - other));
  assert.deepEqual([fractions[0], fractions.at(-1)], [0, 1]);
});

test('what the first worker has had to read whole is all there is, and the other is ended', async () => {
  const first = workshop(({ part, signal }) => (part === 0 ? made(0) : untilAborted(signal)));
  const { result } = await extracted(engine, first, TASK, FILE, {});
  assert.deepEqual(result, await made(0));
  assert.ok(first.asked[1].signal.aborted);
});

test('a second half that is not there has the whole asked for', async () => {
  const odd = workshop(({ part, parts }) => (part === 1 ? null : made(part ?? 0, parts)));
  const told = [];
  const { result } = await extracted(engine, odd, TASK, FILE, { onProgress: ({ fraction }) => told.push(fraction) });
  assert.deepEqual(result, await made(0));
  assert.deepEqual(odd.asked.map(({ part }) => part), [0, 1, undefined]);
  assert.deepEqual(told, told.toSorted((one, other) => one - other), 'it went back');
});

for (const failing of [0, 1]) {
  test(`when half ${failing} fails it is told at once, and the other is ended`, async () => {
    const broken = workshop(async ({ part, signal }) => {
      if (part === failing) throw new Error('damaged');
      return untilAborted(signal);
    });
    await assert.rejects(extracted(engine, broken, TASK, FILE, {}), /damaged/);
    assert.ok(broken.asked.every(({ signal }) => signal.aborted));
  });
}

test('who aborts ends both, and both hear why', async () => {
  const abort = new AbortController();
  const slow = workshop(({ signal }) => untilAborted(signal));
  const made = extracted(engine, slow, TASK, FILE, { signal: abort.signal });
  abort.abort('enough');
  await assert.rejects(made, /aborted/);
  assert.deepEqual(slow.asked.map(({ signal }) => signal.reason), ['enough', 'enough']);
});

test('short files, bytes, and files beside others are not halved', async () => {
  const one = () => workshop(() => made(0));
  const parts = async (shop, input) => {
    await extracted(engine, shop, TASK, input, {});
    return shop.asked.map(({ part }) => part);
  };
  assert.deepEqual(await parts(one(), new Blob([new Uint8Array((2 << 20) - 1)])), [undefined]);
  assert.deepEqual(await parts(one(), new Uint8Array(3 << 20)), [undefined]);
  assert.deepEqual(await parts(workshop(() => made(0), false), FILE), [undefined]);
  const busy = { ...engine, platform: { halvesFiles: () => false } };
  const shop = one();
  await extracted(busy, shop, TASK, FILE, {});
  assert.deepEqual(shop.asked.map(({ part }) => part), [undefined]);
});
