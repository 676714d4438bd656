// The same PCM gives the same bytes as natively, in QEMU and in Chromium, however it is fed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Extractor, fingerprint, inspect } from 'onmon';

import { vectors, wav } from './vectors.mjs';

/** Codes of a clip on either side of those that have their whole context. */
const MARGIN_CODES = 12;
const BLOCK_LENGTHS = [1, 7, 128, 4_096, Infinity];

test('there are golden vectors', () => assert.ok(vectors().length > 0));

for (const vector of vectors()) {
  test(`${vector.name}: streamed in blocks of any length, 16-bit and float`, async () => {
    const floats = Float32Array.from(vector.pcm, (sample) => sample / 32_768);
    for (const pcm of [vector.pcm, floats]) {
      for (const length of BLOCK_LENGTHS) {
        const extractor = await Extractor.create({ sampleRate: vector.rateHz, channels: vector.channels });
        const codes = [];
        for (let at = 0; at < pcm.length; at += length) {
          codes.push(...extractor.push(pcm.subarray(at, at + length)));
        }
        assert.deepEqual(Uint8Array.from(codes), vector.codes);
        assert.deepEqual(extractor.fingerprint(vector.durationMs), vector.afp);
        extractor.free();
      }
    }
  });

  test(`${vector.name}: as a file`, async () => {
    const made = await fingerprint(wav(vector));
    assert.deepEqual(made.bytes, vector.afp);
    assert.equal(made.durationMs, vector.durationMs);
    const codes = made.samples.flatMap((sample) => [...sample.codes]);
    assert.deepEqual(Uint8Array.from(codes.slice(MARGIN_CODES, -MARGIN_CODES)), vector.codes);
  });

  test(`${vector.name}: inspected`, async () => {
    const inspection = await inspect(vector.afp);
    assert.equal(inspection.kind, 'clip');
    assert.equal(inspection.durationMs, vector.durationMs);
    assert.equal(inspection.samples[0].startMs, 0);
    assert.equal(inspection.hopMs * vector.codes.length <= vector.durationMs, true);
  });
}

test('a Blob, a buffer and a view of the same file give the same bytes, and stay the caller’s', async () => {
  const [vector] = vectors();
  const file = wav(vector);
  const padded = new Uint8Array(file.length + 32);
  padded.set(file, 16);
  const inputs = [new Blob([file]), file.buffer.slice(0), padded.subarray(16, 16 + file.length)];
  for (const input of inputs) assert.deepEqual((await fingerprint(input)).bytes, vector.afp);
  assert.equal(padded.byteLength, file.length + 32, 'not transferred');
});
