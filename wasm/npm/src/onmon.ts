// The package's functions over one platform.

import { Decoding } from './decoding.js';
import type { CodeFunctions } from './engine.js';
import { essence, type Essence } from './essence.js';
import { createExtractor, type Extractor, type PcmFormat } from './extractor.js';
import { fingerprint, type Fingerprint, type FingerprintOptions } from './fingerprint.js';
import { identify, type Answer, type IdentifyOptions } from './identify.js';
import { inspect, type Inspection } from './inspect.js';
import type { Platform, WasmSource } from './platform.js';
import type { AnyInput, AudioInput, WorkOptions } from './work.js';

/** Options of `prepare`. */
export interface PrepareOptions {
  /** The WebAssembly file, where a bundler does not find it by itself. */
  wasm?: WasmSource | undefined;
  /** Makes the worker from this package's `worker.js`, where a bundler does not find it by itself. */
  worker?: (() => Worker) | undefined;
  /**
   * Also runs it on a little sound, in a worker, so that the browser has compiled what the first file takes: a
   * tenth of a second of one core, off the page's thread. A file that comes ends it.
   */
  warmUp?: boolean | undefined;
}

/** What the package exports. */
export interface Onmon {
  /**
   * Fingerprints an encoded audio file in workers of its own: only what the six samples need is read
   * and decoded. In browsers a long file that is alone has two, on two cores. At most two files are in work at
   * once; others wait.
   *
   * Rejects with an `OnmonError`. The file: `empty_file`, `unsupported_container`, `unsupported_codec`,
   * `no_audio_track`, `truncated`, `damaged`, `too_short`, `too_long`, `unsupported_rate`,
   * `unsupported_channels`, `rate_changed`, `budget_spent`, `decoder_broke`, `read_failed`. The caller:
   * `aborted`, `unsupported_input`. The page: `wasm_unavailable`, `csp_blocked`, `worker_failed`,
   * `internal`.
   */
  fingerprint(input: AnyInput, options?: FingerprintOptions): Promise<Fingerprint>;
  /**
   * Digests a file's encoded audio in a worker of its own: all of it is read, none decoded. Tags do not
   * change it.
   *
   * Rejects as `fingerprint` does.
   */
  essence(input: AudioInput, options?: WorkOptions): Promise<Essence>;
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
  /**
   * Loads the WebAssembly module for MP3 ahead of the first file, or the one for all kinds of files from
   * elsewhere, which then does all the work. Need not be called.
   */
  prepare(options?: PrepareOptions): Promise<void>;
  /** For PCM that you have already: a microphone, Web Audio, a player. */
  Extractor: { create(format: PcmFormat): Promise<Extractor> };
}

/** Makes the functions. Touches nothing of the platform before one of them is called. */
export function createOnmon(platform: Platform, extraction: CodeFunctions): Onmon {
  const decoding = new Decoding(platform, extraction);
  return {
    fingerprint: (input, options) => fingerprint(decoding, decoding, input, options),
    essence: (input, options) => essence(decoding, input, options),
    identify: (fingerprint, options) => identify(decoding, fingerprint, options),
    inspect: (bytes) => inspect(decoding, bytes),
    prepare: async ({ wasm, worker, warmUp = false } = {}) => {
      await decoding.prepare(wasm, worker);
      // What is amiss is told of a file.
      if (warmUp) await decoding.warmUp().catch(() => {});
    },
    Extractor: { create: (format) => createExtractor(decoding, format) },
  };
}
