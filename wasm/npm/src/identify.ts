// Sends a fingerprint, and nothing else, to a server and reads its decision.

import type { CodeFunctions } from './engine.js';
import { OnmonError } from './errors.js';
import { describe } from './inspect.js';
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
export interface Match {
  recordingId: string;
  title: string | null;
  artist: string | null;
  isrc: string | null;
  iswc: string | null;
  rights: 'entrusted' | 'not_entrusted' | 'unknown';
  /** Where in the recording the query begins; negative if it has something before it. */
  offsetMs: number;
  /** c: at most 10^-c expected false identifications per query against 2 million songs. */
  confidence: number;
  /** How fast the query plays: 1.05 is 5 % faster than the recording. */
  speed: number;
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
  const text = (value: unknown) => (value == null ? null : String(value));
  return {
    recordingId: String(match['recording_id']),
    title: text(match['title']),
    artist: text(match['artist']),
    isrc: text(match['isrc']),
    iswc: text(match['iswc']),
    rights: match['rights'] as Match['rights'],
    offsetMs: Number(match['offset_ms']),
    confidence: Number(match['confidence']),
    speed: Number(match['speed'] ?? 1),
    bitError: Number(match['bit_error']),
    matchedMs: Number(match['matched_ms']),
    samplesAgreeing: Number(match['samples_agreeing']),
    nearDuplicate: match['near_duplicate'] === true,
  };
}
