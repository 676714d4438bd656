// A file in a worker of its own: started, listened to, ended.

import type { Engine } from './engine.js';
import { OnmonError, errorFromModule, throwIfAborted } from './errors.js';
import type { Decoder, Job, Phase, Task } from './job.js';
import type { RunningWorker, WorkerListener } from './platform.js';
import { Pieces, isRangeSource, type RangeSource } from './ranges.js';
import { rising } from './rising.js';
import { Slots } from './slots.js';

/** What is taken as a file: one of the user's, or the bytes of one. */
export type AudioInput = Blob | ArrayBuffer | ArrayBufferView;

/** The same, or one that is somewhere else and is read by ranges. */
export type AnyInput = AudioInput | RangeSource;

/** How far the work is. */
export interface Progress {
  phase: Phase;
  /** Of the whole work, 0 to 1, never going back. */
  fraction: number;
}

/** Options of all work on a file. */
export interface WorkOptions {
  /** Ends the worker at once; the promise rejects with code `aborted`. */
  signal?: AbortSignal | undefined;
  /** Called at most about a hundred times, from the caller's thread. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** Files in work at the same time: more would not be faster, and each holds memory. */
export const FILES_AT_ONCE = 2;

/** What runs tasks on files. */
export type Runs = Pick<Workshop, 'run' | 'isIdle'>;

/** Runs tasks on files, a few at a time. */
export class Workshop {
  readonly #engine: Engine<unknown>;
  readonly #slots: Slots;
  readonly #decoder: Decoder;
  /** Makes a worker in place of the platform's own. */
  makeWorker: (() => Worker) | undefined;

  /** Workshops that share `slots` wait for one another. */
  constructor(engine: Engine<unknown>, slots = new Slots(FILES_AT_ONCE), decoder: Decoder = 'all') {
    this.#engine = engine;
    this.#slots = slots;
    this.#decoder = decoder;
  }

  /** Whether no file is in work. */
  get isIdle(): boolean {
    return this.#slots.isIdle;
  }

  /** The result of a task, as the worker reports it, and the wall time that it took. */
  async run(
    task: Task,
    input: AnyInput,
    options: WorkOptions = {},
  ): Promise<{ result: unknown; workMs: number }> {
    const { signal, onProgress } = options;
    throwIfAborted(signal);
    const audio = await this.#audioOf(input, signal);
    const release = await this.#slots.take(signal);
    try {
      const startedMs = performance.now();
      onProgress?.({ phase: 'load', fraction: 0 });
      const job = async (): Promise<Job> => ({
        module: await this.#engine.module(),
        decoder: this.#decoder,
        task,
        input: await this.#sendable(audio),
        name: nameOf(input),
      });
      const result = await this.#worked(job, audio, signal, onProgress);
      const workMs = performance.now() - startedMs;
      onProgress?.({ phase: 'done', fraction: 1 });
      return { result, workMs };
    } finally {
      release();
    }
  }

  /** Starts a worker, again and again while it needs more of a file that is elsewhere. */
  async #worked(
    job: () => Promise<Job>,
    audio: Blob | Uint8Array | Pieces,
    signal: AbortSignal | undefined,
    onProgress: WorkOptions['onProgress'],
  ): Promise<unknown> {
    if (!(audio instanceof Pieces)) return this.#work(job, signal, onProgress);
    // Each start tells its progress from the beginning.
    const tell = rising((fraction) => onProgress?.({ phase: 'extract', fraction }));
    for (;;) {
      const result = await this.#work(job, signal, ({ fraction }) => tell(fraction));
      if (!(result instanceof Missing)) return result;
      await audio.fetch(result, signal);
    }
  }

  async #audioOf(input: AnyInput, signal: AbortSignal | undefined): Promise<Blob | Uint8Array | Pieces> {
    if (!isRangeSource(input)) return audioOf(input);
    const pieces = new Pieces(input);
    return this.#engine.platform.readsPieces ? pieces : pieces.all(signal);
  }

  async #sendable(audio: Blob | Uint8Array | Pieces): Promise<Job['input']> {
    if (audio instanceof Pieces) return { size: audio.size, pieces: [...audio.pieces] };
    return this.#engine.platform.shareable(audio);
  }

  /** The worker loads its script while the module is on its way. */
  #work(
    job: () => Promise<Job>,
    signal: AbortSignal | undefined,
    onProgress: WorkOptions['onProgress'],
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      throwIfAborted(signal); // Since the last look: nobody listened.
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
          if (report.type === 'done') end(() => resolve(report.result));
          else if (report.type === 'missing') end(() => resolve(new Missing(report)));
          else if (report.type === 'failed') {
            end(() => reject(errorFromModule(report.code, report.message)));
          } else onProgress?.({ phase: 'extract', fraction: report.fraction });
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      try {
        worker = this.#engine.platform.startWorker(listener, this.makeWorker);
      } catch (error) {
        fail(error);
        return;
      }
      job()
        .then(
          (made) => {
            if (!ended) worker?.send(made);
          },
          (error: unknown) => end(() => reject(error)),
        )
        .catch(fail);
    });
  }
}

/** Bytes that a worker needs and has not. */
class Missing {
  readonly start: number;
  readonly end: number;

  constructor({ start, end }: { start: number; end: number }) {
    this.start = start;
    this.end = end;
  }
}

/** The caller's input as one of two kinds; the bytes are not copied. */
export function audioOf(input: AudioInput): Blob | Uint8Array {
  if (typeof Blob !== 'undefined' && input instanceof Blob) return input;
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (ArrayBuffer.isView(input)) {
    return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  }
  throw new OnmonError('unsupported_input', { detail: `got ${typeof input}` });
}

function nameOf(input: AnyInput): string {
  const name = (input as { name?: unknown }).name;
  return typeof name === 'string' ? name : '';
}
