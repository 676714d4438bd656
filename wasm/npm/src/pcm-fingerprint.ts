// A fingerprint of audio that is decoded already, all of it, without keeping the page waiting.

import type { CodeFunctions } from './engine.js';
import { throwIfAborted } from './errors.js';
import { createExtractor } from './extractor.js';
import type { Pcm } from './platform.js';

/** Work in one go, at most: half of a frame on the screen. */
const TURN_MS = 8;

/** Frames of a block: small against a turn. */
const BLOCK = 8_192;

/** Wire bytes and count of codes; `onProgress` is told the share that is done. */
export async function fingerprintOfPcm(
  engine: CodeFunctions,
  { sampleRate, channels }: Pcm,
  seed: bigint | undefined,
  signal: AbortSignal | undefined,
  onProgress: (fraction: number) => void,
): Promise<{ bytes: Uint8Array; codes: number }> {
  const frames = channels[0]?.length ?? 0;
  const extractor = await createExtractor(engine, { sampleRate, channels: channels.length });
  try {
    let turnMs = performance.now();
    for (let at = 0; at < frames; at += BLOCK) {
      extractor.push(interleaved(channels, at, Math.min(BLOCK, frames - at)));
      if (performance.now() - turnMs < TURN_MS) continue;
      onProgress(at / frames);
      await nextTurn();
      throwIfAborted(signal);
      turnMs = performance.now();
    }
    const durationMs = Math.round((frames / sampleRate) * 1_000);
    return { bytes: extractor.query(durationMs, seed), codes: extractor.codes };
  } finally {
    extractor.free();
  }
}

/** A stretch of channels, a frame of all after the other. */
export function interleaved(channels: Float32Array[], from: number, frames: number): Float32Array {
  const block = new Float32Array(frames * channels.length);
  channels.forEach((channel, index) => {
    for (let at = 0; at < frames; at += 1) block[at * channels.length + index] = channel[from + at]!;
  });
  return block;
}

/** Lets the page do what waits; a timer would wait for 4 ms each time. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
