// An AbortSignal ends the worker at once, wherever the file is: waiting, starting or in work.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fingerprint } from 'onmon';

import { longWav, vectors, wav } from './vectors.mjs';

const aborted = { name: 'AbortError', code: 'aborted' };

test('before the start', async () => {
  let told = 0;
  const reading = fingerprint(longWav(2), { signal: AbortSignal.abort(), onProgress: () => (told += 1) });
  await assert.rejects(reading, aborted);
  assert.equal(told, 0);
});

test('in the middle: nothing more is told, and the signal’s reason is the cause', async () => {
  const abort = new AbortController();
  const fractions = [];
  const reading = fingerprint(longWav(600), {
    signal: abort.signal,
    onProgress: ({ phase, fraction }) => {
      fractions.push(fraction);
      if (phase === 'extract') abort.abort('enough');
    },
  });
  await assert.rejects(reading, { ...aborted, cause: 'enough' });
  const told = fractions.length;
  assert.ok(fractions.at(-1) < 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(fractions.length, told);
});

test('as soon as loading is told: the work does not begin', async () => {
  const abort = new AbortController();
  const reading = fingerprint(longWav(2), { signal: abort.signal, onProgress: () => abort.abort('at once') });
  await assert.rejects(reading, { ...aborted, cause: 'at once' });
});

test('in the line: its place is not lost to the others', async () => {
  const abort = new AbortController();
  const file = longWav(120);
  const running = [fingerprint(file), fingerprint(file)];
  const waiting = fingerprint(file, { signal: abort.signal });
  const last = fingerprint(file);
  abort.abort();
  await assert.rejects(waiting, aborted);
  const [first, ...others] = await Promise.all([...running, last]);
  for (const other of others) assert.deepEqual(other.bytes, first.bytes);
});

test('after the end it changes nothing', async () => {
  const abort = new AbortController();
  const vector = vectors()[0];
  const made = await fingerprint(wav(vector), { signal: abort.signal });
  abort.abort();
  assert.deepEqual(made.bytes, vector.afp);
});

test('progress starts at 0, never goes back and ends at 1', async () => {
  const told = [];
  await fingerprint(longWav(180), { onProgress: (progress) => told.push(progress) });
  assert.deepEqual(told[0], { phase: 'load', fraction: 0 });
  assert.deepEqual(told.at(-1), { phase: 'done', fraction: 1 });
  assert.ok(told.length > 10 && told.length < 200, `${told.length} events`);
  for (let at = 1; at < told.length; at += 1) assert.ok(told[at].fraction >= told[at - 1].fraction);
});
