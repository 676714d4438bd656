// A file to its fingerprint, in a worker of its own.

import type { Engine } from './engine.js';
import { OnmonError, errorFromModule } from './errors.js';
import { describe, type Sample } from './inspect.js';
import type { Extracted, Job, Phase } from './job.js';
import type { RunningWorker, WorkerListener } from './platform.js';
import { Slots } from './slots.js';

/** What can be fingerprinted: a file of the user's, or the bytes of an encoded file. */
export type AudioInput = Blob | ArrayBuffer | ArrayBufferView;

/** How far the work is. */
export interface Progress {
  phase: Phase;
  /** Of the whole work, 0 to 1, never going back. */
  fraction: number;
}

/** Options of `fingerprint`. */
export interface FingerprintOptions {
  /** Ends the worker at once; the promise rejects with code `aborted`. */
  signal?: AbortSignal | undefined;
  /** Called at most about a hundred times, from the caller's thread. */
  onProgress?: ((progress: Progress) => void) | undefined;
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
  /** Bytes of the file that were read; the rest was skipped. */
  readBytes: number;
  /** Wall time of each step: `load` starts worker and module, `decode` includes reading. */
  ms: { load: number; decode: number; extract: number };
}

/** Files in work at the same time: more would not be faster, and each holds memory. */
const FILES_AT_ONCE = 2;

/** Fingerprints files, a few at a time. */
export class Fingerprinter {
  readonly #engine: Engine;
  readonly #slots = new Slots(FILES_AT_ONCE);
  /** Makes a worker in place of the platform's own. */
  makeWorker: (() => Worker) | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async fingerprint(input: AudioInput, options: FingerprintOptions = {}): Promise<Fingerprint> {
    const { signal, onProgress } = options;
    const audio = audioOf(input);
    throwIfAborted(signal);
    const release = await this.#slots.take(signal);
    try {
      const startedMs = performance.now();
      onProgress?.({ phase: 'load', fraction: 0 });
      const job: Job = {
        module: await this.#engine.module(),
        input: await this.#engine.platform.shareable(audio),
        name: nameOf(input),
      };
      throwIfAborted(signal);
      const extracted = await this.#work(job, signal, onProgress);
      const workMs = performance.now() - startedMs;
      onProgress?.({ phase: 'done', fraction: 1 });
      return await this.#finish(extracted, workMs);
    } finally {
      release();
    }
  }

  #work(
    job: Job,
    signal: AbortSignal | undefined,
    onProgress: FingerprintOptions['onProgress'],
  ): Promise<Extracted> {
    return new Promise((resolve, reject) => {
      let worker: RunningWorker | undefined;
      // A worker that is stopped may have told more already: that is not passed on.
      let ended = false;
      const end = (settle: () => void) => {
        ended = true;
        signal?.removeEventListener('abort', abort);
        worker?.terminate();
        settle();
      };
      const abort = () => end(() => reject(new OnmonError('aborted', { cause: signal?.reason })));
      const fail = (error: unknown) =>
        end(() => reject(new OnmonError('worker_failed', { detail: String(error), cause: error })));
      const listener: WorkerListener = {
        fail,
        report: (report) => {
          if (ended) return;
          if (report.type === 'done') end(() => resolve(report.extracted));
          else if (report.type === 'failed') {
            end(() => reject(errorFromModule(report.code, report.message)));
          } else onProgress?.({ phase: 'extract', fraction: report.fraction });
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      try {
        worker = this.#engine.platform.startWorker(listener, this.makeWorker);
        worker.send(job);
      } catch (error) {
        fail(error);
      }
    });
  }

  async #finish(extracted: Extracted, workMs: number): Promise<Fingerprint> {
    const { bytes, decodeMs, extractMs, readBytes } = extracted;
    const { durationMs, hopMs, samples } = describe(await this.#engine.functions(), bytes);
    const load = Math.max(0, workMs - decodeMs - extractMs);
    return {
      bytes,
      durationMs,
      hopMs,
      samples,
      readBytes,
      ms: { load, decode: decodeMs, extract: extractMs },
    };
  }
}

function audioOf(input: AudioInput): Blob | Uint8Array {
  if (typeof Blob !== 'undefined' && input instanceof Blob) return input;
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (ArrayBuffer.isView(input)) {
    return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  }
  throw new OnmonError('unsupported_input', { detail: `got ${typeof input}` });
}

function nameOf(input: AudioInput): string {
  const name = (input as { name?: unknown }).name;
  return typeof name === 'string' ? name : '';
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new OnmonError('aborted', { cause: signal.reason });
}
