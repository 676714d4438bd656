// A recording that a server has found, as all of its answers spell it.

/** A recording that was found, and where in it. */
export interface FoundRecording {
  recordingId: string;
  title: string | null;
  artist: string | null;
  isrc: string | null;
  iswc: string | null;
  rights: 'entrusted' | 'not_entrusted' | 'unknown';
  /** Where in the recording the sound begins; negative if it has something before it. */
  offsetMs: number;
  /** c: at most 10^-c expected false identifications per query against 2 million songs. */
  confidence: number;
  /** How fast it plays: 1.05 is 5 % faster than the recording. */
  speed: number;
}

/** Reads one. */
export function recordingOf(wire: Record<string, unknown>): FoundRecording {
  const text = (value: unknown) => (value == null ? null : String(value));
  return {
    recordingId: String(wire['recording_id']),
    title: text(wire['title']),
    artist: text(wire['artist']),
    isrc: text(wire['isrc']),
    iswc: text(wire['iswc']),
    rights: wire['rights'] as FoundRecording['rights'],
    offsetMs: Number(wire['offset_ms']),
    confidence: Number(wire['confidence']),
    speed: Number(wire['speed'] ?? 1),
  };
}
