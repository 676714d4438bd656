// A file to its fingerprint, in a worker of its own.

import type { Engine } from './engine.js';
import { describe, type Sample } from './inspect.js';
import type { Extracted } from './job.js';
import type { AnyInput, WorkOptions, Workshop } from './work.js';

/** Options of `fingerprint`. */
export interface FingerprintOptions extends WorkOptions {
  /** Takes the samples where a server has drawn them (its challenge), not in the usual places. */
  seed?: bigint | undefined;
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
  /** Bytes of the file that were read; the rest was skipped. */
  readBytes: number;
  /** Wall time of each step: `load` starts worker and module, `decode` includes reading. */
  ms: { load: number; decode: number; extract: number };
}

/** Fingerprints a file in one of the workshop's workers. */
export async function fingerprint(
  engine: Engine,
  workshop: Workshop,
  input: AnyInput,
  options?: FingerprintOptions,
): Promise<Fingerprint> {
  const task = { kind: 'fingerprint', seed: options?.seed } as const;
  const { result, workMs } = await workshop.run(task, input, options);
  const { bytes, codes, decodeMs, extractMs, readBytes } = result as Extracted;
  const { durationMs, hopMs, samples } = describe(await engine.functions(), bytes);
  const load = Math.max(0, workMs - decodeMs - extractMs);
  return {
    bytes,
    durationMs,
    hopMs,
    samples,
    codes,
    readBytes,
    ms: { load, decode: decodeMs, extract: extractMs },
  };
}
