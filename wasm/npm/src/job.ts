// What the page and its worker say to each other about one file.

import type { Sparse } from './ranges.js';

/** What is to be done with the file; the first two by the module that decodes, the others by that of tags. */
export type Task =
  | FingerprintTask
  | { kind: 'essence' }
  | { kind: 'findTag' }
  /** Without a tag: take away the one that is there. */
  | { kind: 'planTag'; tag?: Uint8Array | undefined };

/** With a seed the samples lie where a server has drawn them. Of several parts only the samples of one are taken. */
export interface FingerprintTask {
  kind: 'fingerprint';
  seed?: bigint | undefined;
  pictures: boolean;
  part?: number;
  parts?: number;
}

/** The module that decodes MP3 alone, what is common beside it, or all that can be. */
export type Decoder = 'mp3' | 'common' | 'all';

/** A file and what to do with it, sent to a fresh worker. */
export interface Job {
  module: WebAssembly.Module;
  /** Which module that is, where it decodes. */
  decoder: Decoder;
  task: Task;
  input: Blob | Uint8Array | Sparse;
  /** The file's name, whose extension helps to tell formats apart; may be empty. */
  name: string;
}

/**
 * Where the work is: `load` starts worker and module; `extract` reads, decodes and extracts, one stretch
 * of the file after another; `done` is said once.
 */
export type Phase = 'load' | 'extract' | 'done';

/** What a worker made of a file's samples, or of a part of them: `null` where there is nothing for that part. */
export interface Extracted {
  bytes: Uint8Array;
  codes: number;
  decodeMs: number;
  extractMs: number;
  readBytes: number;
  pictures: Uint8Array[];
  /** Whether all samples are there, whichever part was asked for. */
  isWhole: boolean;
  /** Whose decoder it was; ours where nothing is said. */
  decodedBy?: 'onmon' | 'browser';
}

/** What the worker says, in order: progress any number of times, then one of the others. */
export type Report =
  | { type: 'progress'; fraction: number }
  | { type: 'done'; result: unknown }
  /** Of a file that is elsewhere these bytes are needed; the work begins anew with them. */
  | { type: 'missing'; start: number; end: number }
  | { type: 'failed'; code: string; message: string };
