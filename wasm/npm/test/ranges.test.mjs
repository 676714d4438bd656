// Files that are elsewhere: in pieces as a worker asks for them, whole in Node, and what may go wrong.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fingerprint } from 'onmon';

import { Pieces, SparseReader } from '../dist/ranges.js';
import { vectors, wav } from './vectors.mjs';

const content = Uint8Array.from({ length: 3_000_000 }, (_, at) => at % 251);

function source(reads = []) {
  const read = async (start, end) => {
    reads.push([start, end]);
    return content.slice(start, end);
  };
  return { size: content.length, read };
}

test('what is read is what is there, whatever the pieces are; what is not there is told', async () => {
  const pieces = new Pieces(source());
  for (const start of [700_000, 0, 2_999_000, 262_144]) await pieces.fetch({ start, end: Math.min(start + 10, content.length) });
  const reader = new SparseReader(pieces);
  const holds = async (start, end) => {
    const bytes = new Uint8Array(await reader.slice(start, end).arrayBuffer());
    assert.deepEqual(Buffer.compare(bytes, content.subarray(start, end)), 0, `${start} to ${end}`);
  };
  await holds(0, 10);
  await holds(200_000, 300_000);
  await holds(699_000, 701_000);
  await holds(2_999_990, 3_000_000);
  assert.equal(reader.missing, null);
  assert.throws(() => reader.slice(2_000_000, 2_000_001), RangeError);
  assert.deepEqual(reader.missing, { start: 2_000_000, end: 2_000_001 });
});

test('pieces grow while a file is read on, and never overlap', async () => {
  const reads = [];
  const pieces = new Pieces(source(reads));
  await pieces.fetch({ start: 2_500_000, end: 2_500_001 });
  let at = 0;
  while (at < 2_500_000) {
    await pieces.fetch({ start: at, end: at + 1 });
    at = pieces.pieces.find(({ start, end }) => start <= at && at < end).end;
  }
  assert.ok(reads.length <= 6, `${reads.length} reads`);
  const sorted = [...reads].sort(([one], [other]) => one - other);
  for (const [index, [start]] of sorted.entries()) assert.equal(start, index === 0 ? 0 : sorted[index - 1][1]);
});

test('in Node all of it is read, and gives the same fingerprint', async () => {
  const vector = vectors()[0];
  const file = wav(vector);
  const bytes = file instanceof Uint8Array ? file : new Uint8Array(file);
  const elsewhere = { size: bytes.length, name: 'song.wav', read: async (start, end) => bytes.slice(start, end) };
  const made = await fingerprint(elsewhere);
  assert.deepEqual(Buffer.from(made.bytes), Buffer.from(vector.afp));
});

test('a source that fails, or gives other bytes than were asked for, is told', async () => {
  for (const read of [async () => { throw new Error('gone'); }, async () => new Uint8Array(3)]) {
    await assert.rejects(fingerprint({ size: 5_000, read }), { code: 'read_failed' });
  }
  const abort = new AbortController();
  const read = async () => {
    abort.abort();
    throw new Error('stopped');
  };
  await assert.rejects(fingerprint({ size: 5_000, read }, { signal: abort.signal }), { code: 'aborted' });
});
