// A file to its fingerprint, in a worker of its own.

import type { CodeFunctions } from './engine.js';
import { describe, type Sample } from './inspect.js';
import type { Extracted } from './job.js';
import type { AnyInput, WorkOptions, Workshop } from './work.js';

/** Options of `fingerprint`. */
export interface FingerprintOptions extends WorkOptions {
  /** Takes the samples where a server has drawn them (its challenge), not in the usual places. */
  seed?: bigint | undefined;
  /** Also gives what the codes are made of, to be drawn: `pictures`. Nothing of it is ever sent. */
  pictures?: boolean | undefined;
}

/** A fingerprint, and what it took to make it. */
export interface Fingerprint {
  /** Exactly what would be sent to a server: at most 1,900 bytes. */
  bytes: Uint8Array;
  /** Length of the recording as its container tells it; 0 where that is not known. */
  durationMs: number;
  /** Time from one code to the next. */
  hopMs: number;
  /** Up to six samples with their codes, one byte per `hopMs`. */
  samples: Sample[];
  /** Codes that the whole recording yields: what a server's challenge asks for. */
  codes: number;
  /**
   * Where they were asked for, one a sample: 32 log bands (250 to 3,500 Hz, low to high) per 25 ms, a byte
   * each, 8 steps per doubling of power. Empty where there are none: beyond 20 minutes that had to be read whole.
   */
  pictures: Uint8Array[];
  /** Bytes of the file that were read; the rest was skipped. */
  readBytes: number;
  /** Wall time of each step: `load` starts worker and module, `decode` includes reading. */
  ms: { load: number; decode: number; extract: number };
}

/** Fingerprints a file in one of the workshop's workers. */
export async function fingerprint(
  engine: CodeFunctions,
  workshop: Workshop,
  input: AnyInput,
  options?: FingerprintOptions,
): Promise<Fingerprint> {
  const task = { kind: 'fingerprint', seed: options?.seed, pictures: options?.pictures ?? false } as const;
  const { result, workMs } = await workshop.run(task, input, options);
  const { bytes, codes, pictures, decodeMs, extractMs, readBytes } = result as Extracted;
  const { durationMs, hopMs, samples } = describe(await engine.functions(), bytes);
  const load = Math.max(0, workMs - decodeMs - extractMs);
  return {
    bytes,
    durationMs,
    hopMs,
    samples,
    codes,
    pictures,
    readBytes,
    ms: { load, decode: decodeMs, extract: extractMs },
  };
}
