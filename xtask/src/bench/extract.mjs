// How fast PCM becomes codes in Node on one core, through the npm package's Extractor: one JSON object a
// line, measured as core/examples/throughput.rs measures natively.

import { Extractor } from '../../../wasm/npm/dist/node.js';

const AUDIO_SECONDS = 60;
// The best of so many counts, for the machine is shared.
const ROUNDS = 5;
const BLOCK_SAMPLES = 4_096;

for (const rateHz of [8_000, 16_000, 44_100, 48_000]) {
  for (const channels of [1, 2]) {
    const timesRealtime = Math.round(AUDIO_SECONDS / (await bestSeconds(rateHz, channels)));
    console.log(JSON.stringify({ rate_hz: rateHz, channels, times_realtime: timesRealtime }));
  }
}

async function bestSeconds(sampleRate, channels) {
  const pcm = noise(sampleRate * AUDIO_SECONDS * channels);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const extractor = await Extractor.create({ sampleRate, channels });
    const begun = performance.now();
    for (let at = 0; at < pcm.length; at += BLOCK_SAMPLES) {
      extractor.push(pcm.subarray(at, at + BLOCK_SAMPLES));
    }
    best = Math.min(best, (performance.now() - begun) / 1_000);
    extractor.free();
  }
  return best;
}

/** The native measurement's signal: noise under a slow sawtooth, no silence, nothing a branch could learn. */
function noise(samples) {
  let state = 1;
  return Int16Array.from({ length: samples }, (_, at) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    const noise = Math.trunc((state >> 16) / 4);
    return noise + ((at * 37) & 0x3fff);
  });
}
