// Whether a file may leave: one question before every upload, whatever it is uploaded by.
//
// What is not known to be allowed does not leave: not when the server cannot be reached, and not where a
// file says that it is sound and cannot be read. The server is the gate all the same: a page's own scripts
// can go round any check of the page.

import { OnmonError, type OnmonErrorCode } from './errors.js';
import { claimsSound, isAboutFile } from './guard-files.js';
import { sentence, type Word } from './guard-words.js';
import type { Onmon } from './onmon.js';
import { rising } from './rising.js';
import { tokenOf, type TokenSource } from './server.js';
import type { SharingServer } from './sharing-server.js';
import type { Method, Shared, Uploads } from './sharing-upload.js';

/** Options of a `Guard`. */
export interface GuardOptions {
  /** The server's address; the page's own origin where left out (Node has none). */
  server?: string | URL | undefined;
  /**
   * The account in whose name permits are asked for: its token of minutes, or what gives a fresh one at each
   * request. Without it files are identified, and nothing is counted and no permit given.
   */
  token?: TokenSource | undefined;
  /** How a permitted file is shared: `tag` where left out. */
  method?: Method | undefined;
  /**
   * Names one batch of uploads, such as a form's draft: the same audio counts once in it, however often it
   * is tried, also after the page was loaded anew. 1 to 59 printable ASCII characters; a fresh one for each
   * guard where left out.
   */
  batchId?: string | undefined;
  /** What becomes of music that nobody has registered: `allow` where left out. */
  unregistered?: 'allow' | 'block' | undefined;
  /**
   * What becomes of a file that says it is audio or video and cannot be read, or is shorter than 2.4
   * seconds: `block` where left out. A file that holds no sound at all is always let through.
   */
  unreadable?: 'allow' | 'block' | undefined;
  /** BCP 47 tag of the messages' language, Japanese or else English; the page's own where left out. */
  language?: string | undefined;
}

/** Options of one check. */
export interface CheckOptions {
  signal?: AbortSignal | undefined;
  /** Told the share that is done, 0 to 1, never going back. */
  onProgress?: ((fraction: number) => void) | undefined;
}

/** What a check found. */
export interface Checked {
  /** Whether the file may leave. */
  ok: boolean;
  /** What the server decided; `null` where it was not asked or could not be. */
  decision: 'permit' | 'refuse' | 'unregistered' | 'unknown_share' | null;
  /** The permit under which it is shared; `null` without a token, and where no permit is needed. */
  permitId: string | null;
  /** What may leave in the file's place: with its tag, or sealed, or as it was; `null` unless `ok`. */
  file: Blob | null;
  /** Why it may not leave; `null` if `ok`. */
  code: OnmonErrorCode | null;
  /** One sentence for people. */
  message: string;
  /** The error behind `code`, for logs. */
  error: OnmonError | null;
}

/** What adapters need of a guard. */
export interface Checker {
  check(file: Blob, options?: CheckOptions): Promise<Checked>;
  /** What the last check found of a file, or of what was made of it; `null` where it was an error. */
  outcome(file: Blob): Checked | null;
  /** A sentence of the guard's own, in its language. */
  say(word: Word): string;
  /** Loads what a check takes ahead of the first file, where somebody reaches for one. Never fails. */
  prepare?(): void;
}

/** What a guard is made from, on one platform. */
export interface GuardParts {
  onmon: Onmon;
  server: SharingServer;
  uploads: Uploads;
}

/** Characters of an idempotency key that the batch may take: the digest and the method take the others. */
const BATCH_ID = /^[\x21-\x7e]{1,59}$/;

/** How the steps of sharing share the progress. */
const STEPS = { essence: [0, 0.25], fingerprint: [0.25, 0.5], write: [0.75, 0.25] } as const;

/** Checks files before they leave. */
export class Guard implements Checker {
  readonly #options: GuardOptions;
  readonly #with: GuardParts;
  readonly #batchId: string;
  /** By the file that was chosen and by the file that was made of it. */
  readonly #known = new WeakMap<Blob, Checked>();

  constructor(options: GuardOptions, parts: GuardParts) {
    this.#batchId = options.batchId ?? crypto.randomUUID();
    if (!BATCH_ID.test(this.#batchId)) {
      throw new RangeError('batchId: 1 to 59 printable ASCII characters');
    }
    this.#options = options;
    this.#with = parts;
  }

  /**
   * Finds out whether a file may leave. Never rejects: what goes wrong is a file that may not. The same file
   * is not asked for twice, nor what was made of it, unless the last answer was an error.
   */
  async check(file: Blob, options: CheckOptions = {}): Promise<Checked> {
    const known = this.#known.get(file);
    if (known) {
      options.onProgress?.(1);
      return known;
    }
    try {
      const checked = await this.#ask(file, options);
      this.#known.set(file, checked);
      if (checked.file) this.#known.set(checked.file, checked);
      options.onProgress?.(1);
      return checked;
    } catch (cause) {
      return this.#failed(file, cause);
    }
  }

  outcome(file: Blob): Checked | null {
    return this.#known.get(file) ?? null;
  }

  say(word: Word): string {
    return sentence(word, this.#language());
  }

  prepare(): void {
    // What is amiss is told by the check.
    this.#with.onmon.prepare({ warmUp: true }).catch(() => {});
  }

  /** With an account a permit is asked for, without one only what it is. */
  async #ask(file: Blob, options: CheckOptions): Promise<Checked> {
    const { server, token, method = 'tag' } = this.#options;
    const { signal } = options;
    const tell = rising(options.onProgress);
    if (token === undefined) {
      const made = await this.#with.onmon.fingerprint(file, {
        signal,
        onProgress: ({ fraction }) => tell(fraction * 0.95),
      });
      const asked = { server: this.#with.server.address({ server }), signal };
      const { decision } = await this.#with.onmon.identify(made, asked);
      return this.#decided(file, { decision, permitId: null, file: decision === 'permit' ? file : null });
    }
    const shared = await this.#with.uploads.share(file, {
      server,
      signal,
      method,
      token: await tokenOf(token),
      uploadId: (essence) => `${this.#batchId}-${essence}-${method}`,
      onProgress: (step, progress) => tell(STEPS[step][0] + STEPS[step][1] * progress),
    });
    // A permit that was given before comes without a decision.
    const decision = shared.decision ?? (shared.permitId ? 'permit' : null);
    return this.#decided(file, { decision, permitId: shared.permitId, file: shared.file });
  }

  #decided(file: Blob, shared: Pick<Shared, 'decision' | 'permitId' | 'file'>): Checked {
    const { decision, permitId } = shared;
    if (decision === 'unregistered' && this.#options.unregistered !== 'block') {
      return this.#passed(file, decision, null, 'unregistered');
    }
    if (shared.file) return this.#passed(named(shared.file, file), decision, permitId, 'permitted');
    return this.#stopped(new OnmonError('not_permitted'), decision);
  }

  /** What went wrong, which may be that there is no sound to ask about. */
  #failed(file: Blob, cause: unknown): Checked {
    const error =
      cause instanceof OnmonError ? cause : new OnmonError('internal', { detail: String(cause), cause });
    const mayPass = error.code === 'no_audio_track' || !claimsSound(file);
    if (isAboutFile(error.code) && (mayPass || this.#options.unreadable === 'allow')) {
      const checked = this.#passed(file, null, null, 'no_sound');
      this.#known.set(file, checked);
      return checked;
    }
    return this.#stopped(error, null);
  }

  #passed(file: Blob, decision: Checked['decision'], permitId: string | null, word: Word): Checked {
    return { ok: true, decision, permitId, file, code: null, message: this.say(word), error: null };
  }

  #stopped(error: OnmonError, decision: Checked['decision']): Checked {
    const message = error.localized(this.#language());
    return { ok: false, decision, permitId: null, file: null, code: error.code, message, error };
  }

  #language(): string {
    if (this.#options.language !== undefined) return this.#options.language;
    const ofPage = typeof document === 'undefined' ? '' : document.documentElement.lang;
    return ofPage || (typeof navigator === 'undefined' ? 'en' : navigator.language);
  }
}

/** What was made of a file goes on under the file's name, where it had one. */
function named(made: Blob, file: Blob): Blob {
  if (made === file || typeof File === 'undefined' || !(file instanceof File)) return made;
  return new File([made], file.name, {
    type: made.type || file.type,
    lastModified: file.lastModified,
  });
}
