// Codes of a live stream on their way to a server: kept until it has them, sent again where it has not.

import { typed, type CodeFunctions } from './engine.js';
import { OnmonError } from './errors.js';
import { reportOf, type LiveReport } from './live-report.js';
import type { ModuleFunctions, ModuleLimits } from './module.js';
import { request } from './server.js';

/** Options of `openStream`. */
export interface StreamOptions {
  /** The server's address; the page's own origin where left out (Node has none). */
  server?: string | URL | undefined;
  signal?: AbortSignal | undefined;
}

/** A stream that a server listens to by its codes. */
export interface LiveStream {
  /**
   * Takes the next codes, as an `Extractor` gives them. Nothing is sent yet. Codes are kept until the server
   * has them, 90 s of them at most; what is older is given up, and told as `lost`.
   */
  add(codes: Uint8Array): void;
  /** Milliseconds of sound after which the server looks each time: asking it more often tells nothing more. */
  readonly stepMs: number;
  /** Milliseconds of codes that the server has not. */
  readonly waitingMs: number;
  /**
   * Sends what the server has not, and resolves to what it has heard so far; one second is the least that is
   * sent. Where it rejects (`network`, say) nothing is lost: the next call sends it again.
   */
  send(): Promise<LiveReport>;
  /** Sends the rest, resolves to what was heard, and makes the server forget it. */
  end(): Promise<LiveReport>;
}

/** Begins a stream at a server. */
export async function beginStream(extraction: CodeFunctions, options: StreamOptions): Promise<LiveStream> {
  const server = options.server ?? extraction.platform.defaultServer();
  if (server === undefined) throw new OnmonError('no_server');
  const functions = await extraction.functions();
  const stream = new CodeStream(functions, server, options.signal);
  await stream.begin();
  return stream;
}

class CodeStream implements LiveStream {
  readonly #functions: ModuleFunctions;
  readonly #limits: ModuleLimits;
  readonly #server: string | URL;
  readonly #signal: AbortSignal | undefined;
  stepMs = 0;
  #id = '';
  /** Codes that the server has not, and a few that it has. */
  #kept: number[] = [];
  /** Numbers, among all codes that were added: of the first kept one, */
  #first = 0;
  /** of the one that the server wants next, */
  #next = 0;
  /** and of the server's code 0. A server that has restarted begins anew. */
  #base = 0;
  #sentBytes = 0;
  #heard: LiveReport = { listenedMs: 0, segments: [], lost: [], sentBytes: 0 };
  /** What was heard in streams that the server has forgotten. */
  #earlier = this.#heard;
  /** One request at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(functions: ModuleFunctions, server: string | URL, signal: AbortSignal | undefined) {
    this.#functions = functions;
    this.#limits = functions.limits();
    this.#server = server;
    this.#signal = signal;
  }

  async begin(): Promise<void> {
    const { content } = await request(this.#server, 'v1/streams', { method: 'POST', signal: this.#signal });
    const begun = content as { stream_id?: unknown; step_ms?: unknown } | null;
    if (typeof begun?.stream_id !== 'string') throw new OnmonError('bad_answer');
    this.#id = begun.stream_id;
    this.stepMs = Number(begun.step_ms);
    this.#base = this.#next = this.#first;
  }

  add(codes: Uint8Array): void {
    for (const code of codes) this.#kept.push(code);
    this.#forget(this.#kept.length - this.#limits.codesPerQuery);
  }

  get waitingMs(): number {
    return (this.#end - Math.max(this.#next, this.#first)) * this.#limits.hopMs;
  }

  send(): Promise<LiveReport> {
    return this.#inTurn(async () => {
      await this.#sendKept();
      return this.#report();
    });
  }

  end(): Promise<LiveReport> {
    return this.#inTurn(async () => {
      try {
        await this.#sendKept();
        return await this.#report();
      } finally {
        // It ends by itself when it is not used: a server that is away needs no telling.
        await request(this.#server, `v1/streams/${this.#id}`, { method: 'DELETE' }).catch(() => undefined);
      }
    });
  }

  get #end(): number {
    return this.#first + this.#kept.length;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #sendKept(): Promise<void> {
    if (this.#end <= this.#next) return;
    try {
      await this.#post();
    } catch (error) {
      if (!(error instanceof OnmonError) || error.problem !== 'no_such_stream') throw error;
      await this.#beginAnew();
      await this.#post();
    }
  }

  async #post(): Promise<void> {
    const { codesMin } = this.#limits;
    // A short last piece is sent with some that the server has already; it passes over those.
    const from = Math.max(this.#first, Math.min(this.#next, this.#end - codesMin));
    const codes = Uint8Array.from(this.#kept.slice(from - this.#first));
    if (codes.length < codesMin) return;
    const body = typed(() => this.#functions.queryFromStretch(from - this.#base, codes));
    const lost = from > this.#next ? '?lost=true' : '';
    const sent = { body, type: this.#functions.mediaType(), signal: this.#signal };
    const { content } = await request(this.#server, `v1/streams/${this.#id}/codes${lost}`, sent);
    const next = Number((content as { next_code?: unknown } | null)?.next_code);
    if (!Number.isSafeInteger(next)) throw new OnmonError('bad_answer');
    this.#sentBytes += body.byteLength;
    this.#next = next + this.#base;
    this.#forget(this.#next - codesMin - this.#first);
  }

  /** The server has restarted, or had forgotten the stream: what it has not goes into another. */
  async #beginAnew(): Promise<void> {
    const segments = this.#heard.segments.map((segment) => ({ ...segment, growing: false }));
    this.#earlier = { ...this.#heard, segments };
    this.#forget(this.#next - this.#first);
    await this.begin();
  }

  async #report(): Promise<LiveReport> {
    const { content } = await request(this.#server, `v1/streams/${this.#id}`, { signal: this.#signal });
    const { listenedMs, segments, lost } = reportOf(content, this.#base * this.#limits.hopMs);
    this.#heard = {
      listenedMs,
      segments: [...this.#earlier.segments, ...segments],
      lost: [...this.#earlier.lost, ...lost],
      sentBytes: this.#sentBytes,
    };
    return this.#heard;
  }

  #forget(count: number): void {
    if (count <= 0) return;
    this.#kept.splice(0, count);
    this.#first += count;
  }
}
