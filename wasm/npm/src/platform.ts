// What differs between a browser and Node, and nothing else.

import type { Job, Report } from './job.js';

/** Where the WebAssembly file comes from, when not from its place in this package. */
export type WasmSource = string | URL | Response | ArrayBuffer | Uint8Array | WebAssembly.Module;

/** A worker that has been started for one file. */
export interface RunningWorker {
  send(job: Job): void;
  /** Ends it at once, whatever it is doing, and gives its memory back. */
  terminate(): void;
}

/** What a worker's news are told to. */
export interface WorkerListener {
  report(report: Report): void;
  /** It could not be started, or died. */
  fail(error: unknown): void;
}

/** Decoded audio, a block of samples for each channel. */
export interface Pcm {
  sampleRate: number;
  channels: Float32Array[];
}

/** The abilities that the rest of the package builds on. */
export interface Platform {
  /** Bytes of the package's own WebAssembly file. */
  fetchWasm(): Promise<Response | Uint8Array>;
  /** Bytes of the one that decodes MP3 alone. */
  fetchMp3Wasm(): Promise<Response | Uint8Array>;
  /** And of the one that decodes what is common beside that. */
  fetchCommonWasm(): Promise<Response | Uint8Array>;
  /** `make` starts the worker in place of this package's own expression; browsers only. */
  startWorker(listener: WorkerListener, make?: () => Worker): RunningWorker;
  /** Brings the caller's input into a form that a worker can be sent without taking it from the caller. */
  shareable(input: Blob | Uint8Array): Promise<Blob | Uint8Array>;
  /** Whether its workers read a file piece by piece, or want all of it. */
  readonly readsPieces: boolean;
  /** Whether two workers read a file in half the time: each only what it needs, on a core of its own. */
  halvesFiles(): boolean;
  /** All of a file, decoded by something else than this package; `null` where that cannot. */
  decodeWhole?(input: Blob): Promise<Pcm | null>;
  /** The server that is meant where none is named. */
  defaultServer(): string | undefined;
}
