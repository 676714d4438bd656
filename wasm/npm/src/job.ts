// What the page and its worker say to each other about one file.

/** The file to fingerprint, sent to a fresh worker. */
export interface Job {
  module: WebAssembly.Module;
  input: Blob | Uint8Array;
  /** The file's name, whose extension helps to tell formats apart; may be empty. */
  name: string;
}

/**
 * Where the work is: `load` starts worker and module; `extract` reads, decodes and extracts, one stretch
 * of the file after another; `done` is said once.
 */
export type Phase = 'load' | 'extract' | 'done';

/** What the worker made of the file. */
export interface Extracted {
  bytes: Uint8Array;
  decodeMs: number;
  extractMs: number;
  readBytes: number;
}

/** What the worker says, in order: progress any number of times, then one of the others. */
export type Report =
  | { type: 'progress'; fraction: number }
  | { type: 'done'; extracted: Extracted }
  | { type: 'failed'; code: string; message: string };
