// How far two fingerprints of one file may differ where the decoder, not onmon, is not the same everywhere.

import assert from 'node:assert/strict';

// symphonia makes its MP3 table of i^(4/3) with the platform's powf (layer3/requantize.rs). WebAssembly has
// Rust's libm, Linux glibc: 758 of the 8,207 entries differ, so one PCM sample in some hundreds differs by one
// step, and a sign near zero may flip. The same PCM gives the same bytes (tests/vectors).
const DIFFERING_CODES_MAX = 0.005;
const CHECKSUM_BYTES = 4;

/** The same length and header, and codes that differ in half a per cent of places at most. */
export function sameButForTheDecoder(made, expected) {
  assert.equal(made.length, expected.length);
  const codes = expected.length - CHECKSUM_BYTES;
  let differing = 0;
  for (let at = 0; at < codes; at += 1) if (made[at] !== expected[at]) differing += 1;
  assert.ok(differing <= DIFFERING_CODES_MAX * codes, `${differing} of ${codes} codes differ`);
}
