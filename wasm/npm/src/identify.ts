// Sends a fingerprint, and nothing else, to a server and reads its decision.

import type { CodeFunctions } from './engine.js';
import { OnmonError } from './errors.js';
import { describe } from './inspect.js';
import { recordingOf, type FoundRecording } from './recording.js';
import { request } from './server.js';

/** What may be done with the recording. */
export type Decision =
  /** Recognised, and its rights are entrusted: go ahead under the licence. */
  | 'permit'
  /** Recognised, and its rights are not entrusted. */
  | 'refuse'
  /** No entrusted right was found. That does not say that there is none. */
  | 'unregistered';

/** A recording that the fingerprint matches. */
export interface Match extends FoundRecording {
  /** Share of bits that differ, 0 to 0.5. */
  bitError: number;
  matchedMs: number;
  samplesAgreeing: number;
  /** Whether a better match is the same recording, enrolled under another id. */
  nearDuplicate: boolean;
}

/** A server's answer. */
export interface Answer {
  decision: Decision;
  /** The rule that decided, as the server names it. */
  rule: string;
  /** Best first; empty where nothing matches. */
  matches: Match[];
  /** Bytes of the request's body: all that left this machine. */
  sentBytes: number;
  /** `request`: from sending to the answer; `match`: the part of it that the server took to match. */
  ms: { request: number; match: number };
}

/** Options of `identify`. */
export interface IdentifyOptions {
  /** The server's address; the page's own origin where left out (Node has none). */
  server?: string | URL | undefined;
  signal?: AbortSignal | undefined;
}

export async function identify(
  engine: CodeFunctions,
  fingerprint: { bytes: Uint8Array } | Uint8Array,
  options: IdentifyOptions = {},
): Promise<Answer> {
  const { signal } = options;
  const body = fingerprint instanceof Uint8Array ? fingerprint : fingerprint.bytes;
  const server = options.server ?? engine.platform.defaultServer();
  if (server === undefined) throw new OnmonError('no_server');
  const functions = await engine.functions();
  // Bytes that are no fingerprint never leave: they might be the audio.
  describe(functions, body);
  const startedMs = performance.now();
  const type = functions.mediaType();
  const { content, status } = await request(server, 'v1/identify', { body, type, signal });
  if (!isAnswer(content)) throw new OnmonError('bad_answer', { status });
  const answer = content;
  const requestMs = performance.now() - startedMs;
  return {
    decision: answer.decision,
    rule: String(answer.rule ?? ''),
    matches: answer.matches.map(matchOf),
    sentBytes: body.byteLength,
    ms: { request: requestMs, match: Number(answer.ms?.match ?? 0) },
  };
}

/** The answer's fields as the server spells them. */
interface WireAnswer {
  decision: Decision;
  rule?: unknown;
  matches: Record<string, unknown>[];
  ms?: { match?: unknown };
}

function isAnswer(content: unknown): content is WireAnswer {
  const answer = content as Partial<WireAnswer> | null | undefined;
  const decisions: unknown[] = ['permit', 'refuse', 'unregistered'] satisfies Decision[];
  return decisions.includes(answer?.decision) && Array.isArray(answer?.matches);
}

function matchOf(match: Record<string, unknown>): Match {
  return {
    ...recordingOf(match),
    bitError: Number(match['bit_error']),
    matchedMs: Number(match['matched_ms']),
    samplesAgreeing: Number(match['samples_agreeing']),
    nearDuplicate: match['near_duplicate'] === true,
  };
}
