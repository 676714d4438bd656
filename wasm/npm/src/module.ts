// What this package uses of the WebAssembly module, so that its users need no types of wasm-bindgen's.

import type { Inspection } from './inspect.js';

/** A streaming extractor inside the module. */
export interface ModuleExtractor {
  pushF32(block: Float32Array): Uint8Array;
  pushI16(block: Int16Array): Uint8Array;
  margins(): Uint8Array | undefined;
  free(): void;
}

/** Numbers of the format: time from one code to the next, codes in a message at least and at most, log bands. */
export interface ModuleLimits {
  hopMs: number;
  codesMin: number;
  codesPerQuery: number;
  bands: number;
}

/** The module's functions that take no time; they throw `{code, message}`. */
export interface ModuleFunctions {
  Extractor: new (sampleRateHz: number, channels: number) => ModuleExtractor;
  decodeWire(bytes: Uint8Array): Inspection;
  joinQueries(first: Uint8Array, second: Uint8Array): Uint8Array;
  limits(): ModuleLimits;
  mediaType(): string;
  queryFromCodes(codes: Uint8Array, margins: Uint8Array | undefined, durationMs: number, seed?: bigint): Uint8Array;
  queryFromStretch(first: number, codes: Uint8Array): Uint8Array;
}
