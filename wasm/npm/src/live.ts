// Listening to what is played: PCM becomes codes here, as it comes, and nothing but codes leaves.

import type { CodeFunctions } from './engine.js';
import { throwIfAborted, type OnmonError } from './errors.js';
import { createExtractor, type Extractor } from './extractor.js';
import { tap, type LiveSource, type Tap } from './live-audio.js';
import type { LiveReport } from './live-report.js';
import { beginStream, type LiveStream, type StreamOptions } from './live-stream.js';

/** Options of `listen`. */
export interface ListenOptions extends StreamOptions {
  /** How often the server is asked; as often as it looks (3 s) where left out. */
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

class Ear implements Listening {
  readonly #tap: Tap;
  readonly #extractor: Extractor;
  readonly #stream: LiveStream;
  readonly #options: ListenOptions;
  /** Codes so far. */
  #count = 0;
  #report: LiveReport | null = null;
  #asking = false;
  #stopped: Promise<LiveReport> | undefined;

  static async open(extraction: CodeFunctions, source: LiveSource, options: ListenOptions): Promise<Ear> {
    throwIfAborted(options.signal);
    // The source first: a person who is asked for the microphone and says no has opened nothing.
    const tapped = await tap(source, options.worklet);
    try {
      const extractor = await createExtractor(extraction, tapped);
      const ear = new Ear(tapped, extractor, await beginStream(extraction, options), options);
      tapped.start((block) => ear.#hear(block), () => ear.#ended());
      options.signal?.addEventListener('abort', () => void ear.stop().catch(() => undefined), { once: true });
      return ear;
    } catch (error) {
      await tapped.close();
      throw error;
    }
  }

  private constructor(tap: Tap, extractor: Extractor, stream: LiveStream, options: ListenOptions) {
    this.#tap = tap;
    this.#extractor = extractor;
    this.#stream = stream;
    this.#options = options;
  }

  get report(): LiveReport | null {
    return this.#report;
  }

  stop(): Promise<LiveReport> {
    this.#stopped ??= (async () => {
      await this.#tap.close().finally(() => this.#extractor.free());
      this.#report = await this.#stream.end();
      return this.#report;
    })();
    return this.#stopped;
  }

  #hear(block: Float32Array): void {
    const codes = this.#extractor.push(block);
    if (codes.length === 0) return;
    this.#stream.add(codes);
    this.#options.onCodes?.(codes, this.#count);
    this.#count += codes.length;
    // Counted by what was heard, not by a timer: those sleep in tabs that nobody looks at.
    if (this.#stream.waitingMs >= (this.#options.everyMs ?? this.#stream.stepMs)) void this.#ask();
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
