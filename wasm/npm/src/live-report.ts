// What a server has heard in a live stream, as it tells it.

import { OnmonError } from './errors.js';
import type { Decision } from './identify.js';
import { recordingOf, type FoundRecording } from './recording.js';

/** A recording that is heard in a stream. */
export interface LiveRecording extends FoundRecording {
  /** Ids under which the same recording is enrolled again. */
  nearDuplicateIds: string[];
}

/** A stretch of a stream: one recording, or unknown. */
export interface LiveSegment {
  /** From the beginning of listening; exact to about a second. */
  fromMs: number;
  toMs: number;
  /** Whether it may still go on. */
  growing: boolean;
  decision: Decision;
  /** The rule that decided, as the server names it. */
  rule: string;
  /** `null`: nothing that is enrolled. */
  recording: LiveRecording | null;
}

/** What was heard so far. */
export interface LiveReport {
  /** Up to where the server has looked, from the beginning of listening. */
  listenedMs: number;
  /** In order, never overlapping; the last ones may still be corrected by what comes. */
  segments: LiveSegment[];
  /** Stretches whose codes never reached the server. */
  lost: { fromMs: number; toMs: number }[];
  /** Bytes of all messages so far: all that left this machine. */
  sentBytes: number;
}

/** Reads a report of a stream that began `shiftMs` after listening did. */
export function reportOf(content: unknown, shiftMs: number): Omit<LiveReport, 'sentBytes'> {
  const report = content as WireReport | null | undefined;
  if (!Array.isArray(report?.segments) || !Array.isArray(report.lost)) throw new OnmonError('bad_answer');
  const stretch = (wire: WireStretch) => ({
    fromMs: Number(wire.from_ms) + shiftMs,
    toMs: Number(wire.to_ms) + shiftMs,
  });
  return {
    listenedMs: Number(report.listened_ms) + shiftMs,
    segments: report.segments.map((wire) => ({
      ...stretch(wire),
      growing: wire.growing === true,
      decision: wire.decision,
      rule: String(wire.rule ?? ''),
      recording: wire.recording ? heardOf(wire.recording) : null,
    })),
    lost: report.lost.map(stretch),
  };
}

interface WireStretch {
  from_ms: unknown;
  to_ms: unknown;
}

/** The report's fields as the server spells them. */
interface WireReport {
  listened_ms: unknown;
  segments: (WireStretch & {
    growing?: unknown;
    decision: Decision;
    rule?: unknown;
    recording: Record<string, unknown> | null;
  })[];
  lost: WireStretch[];
}

function heardOf(wire: Record<string, unknown>): LiveRecording {
  const ids = wire['near_duplicate_ids'];
  return { ...recordingOf(wire), nearDuplicateIds: Array.isArray(ids) ? ids.map(String) : [] };
}
