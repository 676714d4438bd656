// How far two fingerprints of one file may differ where the decoder, not onmon, is not the same everywhere.

import assert from 'node:assert/strict';

// symphonia makes its MP3 table of i^(4/3) with the platform's powf (layer3/requantize.rs). WebAssembly has
// Rust's libm, Linux glibc: 758 of the 8,207 entries differ, so one PCM sample in some hundreds differs by one
// step, and a sign near zero may flip. The same PCM gives the same bytes (tests/vectors).
const DIFFERING_CODES_MAX = 0.005;
const CHECKSUM_BYTES = 4;
const CODES = 1_800;
const CODES_PER_SAMPLE = 300;

/** The same length and header, and codes that differ in half a per cent of places at most. */
export function sameButForTheDecoder(made, expected) {
  assert.equal(made.length, expected.length);
  const codes = expected.length - CHECKSUM_BYTES;
  let differing = 0;
  for (let at = 0; at < codes; at += 1) if (made[at] !== expected[at]) differing += 1;
  assert.ok(differing <= DIFFERING_CODES_MAX * codes, `${differing} of ${codes} codes differ`);
}

// Another decoder leaves what an encoder put before the music, or not; so the samples begin a little elsewhere.
const SHIFT_MAX = 6;

/** The share of bits that differ where two queries of one recording agree best, a sample after the other. */
export function bitsDiffering(made, expected) {
  const [ours, theirs] = [made, expected].map(({ bytes }) => Buffer.from(bytes).subarray(-CHECKSUM_BYTES - CODES, -CHECKSUM_BYTES));
  assert.equal(ours.length, theirs.length);
  let differing = 0;
  for (let first = 0; first < CODES; first += CODES_PER_SAMPLE) {
    const sample = ours.subarray(first + SHIFT_MAX, first + CODES_PER_SAMPLE - SHIFT_MAX);
    const at = (shift) => theirs.subarray(first + SHIFT_MAX + shift).subarray(0, sample.length);
    const shifts = Array.from({ length: 2 * SHIFT_MAX + 1 }, (_, index) => index - SHIFT_MAX);
    differing += Math.min(...shifts.map((shift) => bits(sample, at(shift)))) / (8 * sample.length);
  }
  return (differing * CODES_PER_SAMPLE) / CODES;
}

function bits(one, other) {
  return one.reduce((sum, code, at) => sum + (code ^ other[at]).toString(2).replaceAll('0', '').length, 0);
}
