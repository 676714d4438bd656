// Wire bytes as an object to look into.

import { typed, type CodeFunctions } from './engine.js';
import type { ModuleFunctions } from './module.js';

/** Consecutive codes of a recording. */
export interface Sample {
  /** Where its first code lies in the recording. */
  startMs: number;
  /** One byte per `hopMs`, at most 300 in a query. */
  codes: Uint8Array;
}

/** What wire bytes say. */
export interface Inspection {
  /**
   * `query`: samples of a recording, `clip`: all of less than 90 s, either to be identified; `reference`: a whole
   * recording, to be enrolled.
   */
  kind: 'query' | 'clip' | 'reference';
  profile: number;
  encoder: number;
  /** 0 where not known. */
  durationMs: number;
  /** Time from one code to the next. */
  hopMs: number;
  samples: Sample[];
}

/** Reads wire bytes; rejects with one of the codes on fingerprints where they are not one. */
export async function inspect(engine: CodeFunctions, bytes: Uint8Array): Promise<Inspection> {
  return describe(await engine.functions(), bytes);
}

/** The same with the module at hand. */
export function describe(functions: ModuleFunctions, bytes: Uint8Array): Inspection {
  return typed(() => functions.decodeWire(bytes));
}
