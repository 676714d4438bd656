// The package's functions over one platform.

import { Engine } from './engine.js';
import { createExtractor, type Extractor, type PcmFormat } from './extractor.js';
import {
  Fingerprinter,
  type AudioInput,
  type Fingerprint,
  type FingerprintOptions,
} from './fingerprint.js';
import { identify, type Answer, type IdentifyOptions } from './identify.js';
import { inspect, type Inspection } from './inspect.js';
import type { Platform, WasmSource } from './platform.js';

/** Options of `prepare`. */
export interface PrepareOptions {
  /** The WebAssembly file, where a bundler does not find it by itself. */
  wasm?: WasmSource | undefined;
  /** Makes the worker from this package's `worker.js`, where a bundler does not find it by itself. */
  worker?: (() => Worker) | undefined;
}

/** What the package exports. */
export interface Onmon {
  /**
   * Fingerprints an encoded audio file in a worker of its own: only what the six samples need is read
   * and decoded. At most two files are in work at once; others wait.
   *
   * Rejects with an `OnmonError`. The file: `empty_file`, `unsupported_container`, `unsupported_codec`,
   * `no_audio_track`, `truncated`, `damaged`, `too_short`, `too_long`, `unsupported_rate`,
   * `unsupported_channels`, `rate_changed`, `budget_spent`, `decoder_broke`, `read_failed`. The caller:
   * `aborted`, `unsupported_input`. The page: `wasm_unavailable`, `csp_blocked`, `worker_failed`,
   * `internal`.
   */
  fingerprint(input: AudioInput, options?: FingerprintOptions): Promise<Fingerprint>;
  /**
   * Sends a fingerprint to a server and resolves to its decision. Bytes that are not a fingerprint are
   * not sent.
   *
   * Rejects with an `OnmonError`: `aborted`, `no_server`, `network`, `server_refused`, `server_failed`,
   * `bad_answer`, or a code on fingerprints such as `not_a_fingerprint`.
   */
  identify(
    fingerprint: Fingerprint | Uint8Array,
    options?: IdentifyOptions,
  ): Promise<Answer>;
  /** Reads wire bytes (an `.afp` file): what they hold, and whether they are whole. */
  inspect(bytes: Uint8Array): Promise<Inspection>;
  /** Loads the WebAssembly module ahead of the first file, or from elsewhere. Need not be called. */
  prepare(options?: PrepareOptions): Promise<void>;
  /** For PCM that you have already: a microphone, Web Audio, a player. */
  Extractor: { create(format: PcmFormat): Promise<Extractor> };
}

/** Makes the functions. Touches nothing of the platform before one of them is called. */
export function createOnmon(platform: Platform): Onmon {
  const engine = new Engine(platform);
  const fingerprinter = new Fingerprinter(engine);
  return {
    fingerprint: (input, options) => fingerprinter.fingerprint(input, options),
    identify: (fingerprint, options) => identify(engine, fingerprint, options),
    inspect: (bytes) => inspect(engine, bytes),
    prepare: async ({ wasm, worker } = {}) => {
      if (worker) fingerprinter.makeWorker = worker;
      await engine.module(wasm);
    },
    Extractor: { create: (format) => createExtractor(engine, format) },
  };
}
