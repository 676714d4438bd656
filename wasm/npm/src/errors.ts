// The one error type that this package throws.

import { MESSAGES, type Locale } from './messages.js';

/** Stable names of everything that can go wrong. */
export type OnmonErrorCode = keyof typeof MESSAGES;

/** What an error may carry beside its code. */
export interface OnmonErrorDetails {
  /** What exactly, in English: from the decoder, the browser or the server. */
  detail?: string | undefined;
  /** HTTP status, where a server answered. */
  status?: number | undefined;
  /** The server's own code for it, such as `limit_reached`. */
  problem?: string | undefined;
  /** The error underneath. */
  cause?: unknown;
}

/**
 * An error with a stable `code`. Its `message` is English and for logs; `localized('ja')` is for people.
 *
 * With code `aborted` its `name` is `AbortError`, as callers of `fetch` expect it, else `OnmonError`.
 */
export class OnmonError extends Error {
  readonly code: OnmonErrorCode;
  readonly detail: string | undefined;
  readonly status: number | undefined;
  readonly problem: string | undefined;

  constructor(code: OnmonErrorCode, details: OnmonErrorDetails = {}) {
    const sentence = MESSAGES[code].en;
    super(details.detail ? `${sentence} (${details.detail})` : sentence, { cause: details.cause });
    this.name = code === 'aborted' ? 'AbortError' : 'OnmonError';
    this.code = code;
    this.detail = details.detail;
    this.status = details.status;
    this.problem = details.problem;
  }

  /**
   * One sentence for people, without `detail`, in the language of a BCP 47 tag: Japanese for `ja` and
   * `ja-JP`, else English.
   */
  localized(language: string): string {
    const locale: Locale = /^ja\b/i.test(language) ? 'ja' : 'en';
    return MESSAGES[this.code][locale];
  }
}

/** Throws `aborted` where a signal says so. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new OnmonError('aborted', { cause: signal.reason });
}

/** The error for a code that came from the WebAssembly module, which may be newer than this table. */
export function errorFromModule(code: string, detail: string): OnmonError {
  return new OnmonError(isCode(code) ? code : 'internal', { detail });
}

function isCode(code: string): code is OnmonErrorCode {
  return Object.hasOwn(MESSAGES, code);
}
