// A file to its fingerprint, in workers of its own.

import type { CodeFunctions } from './engine.js';
import { OnmonError, type OnmonErrorCode } from './errors.js';
import { describe, type Sample } from './inspect.js';
import { extracted } from './halves.js';
import type { Extracted } from './job.js';
import type { ModuleFunctions } from './module.js';
import { fingerprintOfPcm } from './pcm-fingerprint.js';
import type { Pcm } from './platform.js';
import type { AnyInput, Runs, WorkOptions } from './work.js';

/** Options of `fingerprint`. */
export interface FingerprintOptions extends WorkOptions {
  /** Takes the samples where a server has drawn them (its challenge), not in the usual places. */
  seed?: bigint | undefined;
  /** Also gives what the codes are made of, to be drawn: `pictures`. Nothing of it is ever sent. */
  pictures?: boolean | undefined;
}

/** What a sample's codes are made of, to be drawn: log bands between 250 and 3,500 Hz. */
export interface Picture {
  /** Bands of a frame. */
  bands: number;
  /** A frame per 25 ms, a byte for each band from low to high, in 8 steps per doubling of power. */
  levels: Uint8Array;
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
  /** Where they were asked for, one a sample; none of more than 20 minutes that had to be read whole. */
  pictures: Picture[];
  /**
   * Whose decoder it was: `browser` where this package has none for the file. That one decodes all of it, and
   * not every browser to the same bytes; the fingerprint is as good.
   */
  decodedBy: 'onmon' | 'browser';
  /** Bytes of the file that were read; the rest was skipped. */
  readBytes: number;
  /** Wall time of each step: `load` starts worker and module, `decode` includes reading. */
  ms: { load: number; decode: number; extract: number };
}

/** What our decoders say of a file that another one may read. */
const NOT_OURS: OnmonErrorCode[] = ['unsupported_container', 'unsupported_codec', 'unsupported_channels', 'decoder_broke'];

/** Fingerprints a file in one of the workshop's workers; by the browser's decoder what that cannot read. */
export async function fingerprint(
  engine: CodeFunctions,
  workshop: Runs,
  input: AnyInput,
  options: FingerprintOptions = {},
): Promise<Fingerprint> {
  const task = { kind: 'fingerprint', seed: options.seed, pictures: options.pictures ?? false } as const;
  try {
    const { result, workMs } = await extracted(engine, workshop, task, input, options);
    return described(await engine.functions(), result, workMs);
  } catch (error) {
    const audio = await decodedElsewhere(engine, input, error);
    if (audio === null) throw error;
    return fingerprintElsewhere(engine, input as Blob, audio, options);
  }
}

interface Decoded {
  pcm: Pcm;
  decodeMs: number;
}

async function decodedElsewhere(engine: CodeFunctions, input: AnyInput, error: unknown): Promise<Decoded | null> {
  const { decodeWhole } = engine.platform;
  const isNotOurs = error instanceof OnmonError && NOT_OURS.includes(error.code);
  if (!isNotOurs || !decodeWhole || !(input instanceof Blob)) return null;
  const startedMs = performance.now();
  const pcm = await decodeWhole(input);
  return pcm && { pcm, decodeMs: performance.now() - startedMs };
}

async function fingerprintElsewhere(
  engine: CodeFunctions,
  file: Blob,
  { pcm, decodeMs }: Decoded,
  { seed, signal, onProgress }: FingerprintOptions,
): Promise<Fingerprint> {
  const startedMs = performance.now();
  const tell = (fraction: number) => onProgress?.({ phase: 'extract', fraction });
  const made = await fingerprintOfPcm(engine, pcm, seed, signal, tell);
  onProgress?.({ phase: 'done', fraction: 1 });
  const extractMs = performance.now() - startedMs;
  const spent = { decodeMs, extractMs, readBytes: file.size };
  const all: Extracted = { ...made, ...spent, pictures: [], isWhole: true, decodedBy: 'browser' };
  return described(await engine.functions(), all, decodeMs + extractMs);
}

function described(
  functions: ModuleFunctions,
  { bytes, codes, pictures, decodeMs, extractMs, readBytes, decodedBy = 'onmon' }: Extracted,
  workMs: number,
): Fingerprint {
  const { durationMs, hopMs, samples } = describe(functions, bytes);
  const load = Math.max(0, workMs - decodeMs - extractMs);
  const ms = { load, decode: decodeMs, extract: extractMs };
  const { bands } = functions.limits();
  const drawn = pictures.map((levels) => ({ bands, levels }));
  return { bytes, durationMs, hopMs, samples, codes, pictures: drawn, decodedBy, readBytes, ms };
}
