// PCM that the caller has already: codes as it arrives, and a fingerprint of what has been heard.

import { typed, type CodeFunctions } from './engine.js';
import type { ModuleExtractor, ModuleFunctions } from './module.js';

/** What the PCM looks like. */
export interface PcmFormat {
  /** 8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176400 or 192000. */
  sampleRate: number;
  /** Interleaved channels, 1 to 32; 1 where left out. */
  channels?: number;
}

/** Streaming extraction. The codes do not depend on how the PCM is cut into blocks. */
export interface Extractor {
  /**
   * Takes a block of interleaved PCM of any length and returns the codes that it completes, one byte
   * per 50 ms. `Float32Array`: full scale is +-1, NaN counts as silence. `Int16Array`: as it is.
   */
  push(block: Float32Array | Int16Array): Uint8Array;
  /**
   * Wire bytes of a query from everything pushed so far, a clip below 90 s; throws `too_short` below 2.4 seconds.
   * `durationMs` is the length of the whole recording, where it is known.
   */
  fingerprint(durationMs?: number): Uint8Array;
  /** Gives its memory back; afterwards it throws. */
  free(): void;
}

/**
 * An extractor at the start of a stream; rejects with `unsupported_rate` or
 * `unsupported_channels` for other formats.
 */
export async function createExtractor(engine: CodeFunctions, format: PcmFormat): Promise<StreamingExtractor> {
  const functions = await engine.functions();
  const { sampleRate, channels = 1 } = format;
  return new StreamingExtractor(
    functions,
    typed(() => new functions.Extractor(sampleRate, channels)),
  );
}

/** What `createExtractor` makes, with what only this package uses. */
export class StreamingExtractor implements Extractor {
  readonly #functions: ModuleFunctions;
  readonly #inner: ModuleExtractor;
  readonly #codes: number[] = [];

  constructor(functions: ModuleFunctions, inner: ModuleExtractor) {
    this.#functions = functions;
    this.#inner = inner;
  }

  push(block: Float32Array | Int16Array): Uint8Array {
    const codes = typed(() =>
      block instanceof Int16Array ? this.#inner.pushI16(block) : this.#inner.pushF32(block),
    );
    for (const code of codes) this.#codes.push(code);
    return codes;
  }

  fingerprint(durationMs = 0): Uint8Array {
    return this.query(durationMs);
  }

  /** The same with the samples where a server has drawn them. */
  query(durationMs: number, seed?: bigint): Uint8Array {
    return typed(() => {
      const codes = Uint8Array.from(this.#codes);
      return this.#functions.queryFromCodes(codes, this.#inner.margins(), durationMs, seed);
    });
  }

  get codes(): number {
    return this.#codes.length;
  }

  free(): void {
    this.#inner.free();
  }
}
