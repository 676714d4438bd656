// A file that is read by ranges from elsewhere, a torrent or a server: only what a task needs is fetched.
//
// A worker cannot wait for the page without shared memory, which would ask the page for special headers. So it
// works on the pieces that are there; where it needs another one it says so and is started anew with it. Pieces
// grow while a file is read on and on, so that it is started a few times and not a hundred.

import { OnmonError } from './errors.js';

/** A file that is somewhere else. */
export interface RangeSource {
  /** Bytes of all of it. */
  size: number;
  /** Its name, whose ending helps to tell formats apart. */
  name?: string | undefined;
  /** The bytes from `start` up to but not with `end`. */
  read(start: number, end: number, signal?: AbortSignal): Promise<ArrayBuffer | Uint8Array>;
}

/** Bytes that are here. */
export interface Piece {
  start: number;
  end: number;
  content: Blob;
}

/** What a worker is sent of a file that is elsewhere. */
export interface Sparse {
  size: number;
  pieces: Piece[];
}

/** Bytes of a piece, at least and at most. */
const PIECE_BYTES_MIN = 256 << 10;
const PIECE_BYTES_MAX = 4 << 20;

/** Whether an input is one of these. */
export function isRangeSource(input: unknown): input is RangeSource {
  const { size, read } = (input ?? {}) as Partial<RangeSource>;
  return typeof size === 'number' && typeof read === 'function';
}

/** The pieces of one file, fetched as they are asked for. */
export class Pieces implements Sparse {
  readonly pieces: Piece[] = [];
  readonly #source: RangeSource;
  /** Of the last piece. */
  #bytes = PIECE_BYTES_MIN;

  constructor(source: RangeSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#source.size;
  }

  /** Fetches what is missing, and some more behind it. Rejects with `read_failed` and `aborted`. */
  async fetch(missing: { start: number; end: number }, signal: AbortSignal | undefined): Promise<void> {
    const before = this.pieces.some(({ end }) => end === missing.start);
    this.#bytes = before ? Math.min(this.#bytes * 2, PIECE_BYTES_MAX) : PIECE_BYTES_MIN;
    const { start } = missing;
    // Up to the next piece, which is here already.
    const next = this.pieces.find((piece) => piece.start > start)?.start ?? this.size;
    const end = Math.min(next, Math.max(missing.end, start + this.#bytes));
    const bytes = await this.#read(start, end, signal);
    this.pieces.push({ start, end, content: new Blob([bytes as BlobPart]) });
    this.pieces.sort((one, other) => one.start - other.start);
  }

  /** All of it, where a worker cannot do with less. */
  all(signal: AbortSignal | undefined): Promise<Uint8Array> {
    return this.#read(0, this.size, signal);
  }

  async #read(start: number, end: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    let bytes: ArrayBuffer | Uint8Array;
    try {
      bytes = await this.#source.read(start, end, signal);
    } catch (cause) {
      throw new OnmonError(signal?.aborted ? 'aborted' : 'read_failed', { detail: String(cause), cause });
    }
    if (bytes.byteLength !== end - start) {
      throw new OnmonError('read_failed', { detail: `${bytes.byteLength} of ${end - start} bytes` });
    }
    return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  }
}

/** In a worker: the pieces as the module reads a file, noting what was not there. */
export class SparseReader {
  readonly size: number;
  missing: { start: number; end: number } | null = null;
  readonly #pieces: Piece[];

  constructor({ size, pieces }: Sparse) {
    this.size = size;
    this.#pieces = pieces;
  }

  /** As of a `Blob`; throws where bytes are missing, after which the result of the work is void. */
  slice(start: number, end: number): Blob {
    const parts: Blob[] = [];
    let at = start;
    for (const piece of this.#pieces) {
      if (piece.start > at || at >= end) break;
      if (piece.end <= at) continue;
      const until = Math.min(end, piece.end);
      parts.push(piece.content.slice(at - piece.start, until - piece.start));
      at = until;
    }
    if (at >= end) return new Blob(parts);
    this.missing ??= { start: at, end };
    throw new RangeError('not here yet');
  }
}
