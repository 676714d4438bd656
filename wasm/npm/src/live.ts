// Listening to what is played: PCM becomes codes here, as it comes, and nothing but codes leaves.

import type { CodeFunctions } from './engine.js';
import { OnmonError } from './errors.js';
import { createExtractor } from './extractor.js';
import { tap, type LiveSource, type Tap } from './live-audio.js';
import type { LiveReport } from './live-report.js';
import { beginStream, type LiveStream, type StreamOptions } from './live-stream.js';

/** Options of `listen`. */
export interface ListenOptions extends StreamOptions {
  /** How often the server is asked; 3 s where left out, which is as often as it looks. */
  everyMs?: number | undefined;
  /** What was heard so far, after each time that the server was asked. */
  onReport?: ((report: LiveReport) => void) | undefined;
  /** New codes, one byte per 50 ms, and the number of the first. */
  onCodes?: ((codes: Uint8Array, first: number) => void) | undefined;
  /** The server could not be asked: it is tried again with the next codes, and nothing is lost for 90 s. */
  onError?: ((error: OnmonError) => void) | undefined;
  /** The source has ended by itself. */
  onEnd?: (() => void) | undefined;
  /** Where `live-worklet.js` is, where a bundler does not find it by itself. */
  worklet?: string | URL | undefined;
}

/** Listening that has begun. */
export interface Listening {
  /** What was heard so far. */
  readonly report: LiveReport | null;
  /** Ends it: the source is let go, the rest is sent. Resolves to what was heard in all. */
  stop(): Promise<LiveReport>;
}

/** What `onmon/live` exports. */
export interface Live {
  /**
   * Listens to a microphone (asked for with echo cancellation, noise suppression and gain control off), a
   * `MediaStream` or a node of Web Audio, and tells what recordings a server hears in it. Browsers only.
   *
   * Rejects with `no_web_audio`, `no_microphone`, `worklet_failed`, `unsupported_rate`, `no_server`,
   * `aborted` and those of every request.
   */
  listen(source: LiveSource, options?: ListenOptions): Promise<Listening>;
  /** The same for codes that the caller makes, by an `Extractor`; also in Node. */
  openStream(options?: StreamOptions): Promise<LiveStream>;
}

/** Makes the functions. Touches nothing of the platform before one of them is called. */
export function createLive(extraction: CodeFunctions): Live {
  return {
    listen: (source, options) => Ear.open(extraction, source, options ?? {}),
    openStream: (options) => beginStream(extraction, options ?? {}),
  };
}

const EVERY_MS = 3_000;

class Ear implements Listening {
  readonly #stream: LiveStream;
  readonly #options: ListenOptions;
  #tap: Tap | undefined;
  #report: LiveReport | null = null;
  #asking = false;
  #stopped: Promise<LiveReport> | undefined;

  static async open(extraction: CodeFunctions, source: LiveSource, options: ListenOptions): Promise<Ear> {
    options.signal?.throwIfAborted();
    const blocks: Float32Array[] = [];
    let take = (block: Float32Array) => void blocks.push(block);
    let ended = false;
    let end = () => {
      ended = true;
    };
    // The source first: a person who is asked for the microphone and says no has opened nothing.
    const tapped = await tap(source, options.worklet, (block) => take(block), () => end());
    try {
      const extractor = await createExtractor(extraction, tapped);
      const ear = new Ear(await beginStream(extraction, options), options);
      let first = 0;
      take = (block) => {
        const codes = extractor.push(block);
        ear.#hear(codes, first);
        first += codes.length;
      };
      blocks.forEach(take);
      ear.#tap = { ...tapped, close: () => tapped.close().finally(() => extractor.free()) };
      end = () => ear.#ended();
      if (ended) end();
      options.signal?.addEventListener('abort', () => void ear.stop().catch(() => undefined), { once: true });
      return ear;
    } catch (error) {
      await tapped.close();
      throw error;
    }
  }

  private constructor(stream: LiveStream, options: ListenOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  get report(): LiveReport | null {
    return this.#report;
  }

  stop(): Promise<LiveReport> {
    this.#stopped ??= (async () => {
      await this.#tap?.close();
      this.#report = await this.#stream.end();
      return this.#report;
    })();
    return this.#stopped;
  }

  #hear(codes: Uint8Array, first: number): void {
    if (codes.length === 0) return;
    this.#stream.add(codes);
    this.#options.onCodes?.(codes, first);
    // Counted by what was heard, not by a timer: those sleep in tabs that nobody looks at.
    if (this.#stream.waitingMs >= (this.#options.everyMs ?? EVERY_MS)) void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.#report = await this.#stream.send();
      if (!this.#stopped) this.#options.onReport?.(this.#report);
    } catch (error) {
      if (!this.#stopped) this.#options.onError?.(error as OnmonError);
    } finally {
      this.#asking = false;
    }
  }

  #ended(): void {
    this.stop()
      .catch((error: OnmonError) => this.#options.onError?.(error))
      .finally(() => this.#options.onEnd?.());
  }
}
