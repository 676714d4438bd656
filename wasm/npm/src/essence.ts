// The digest of a file's encoded audio: what a tag and a release belong to.

import type { AudioInput, Runs, WorkOptions } from './work.js';

/** What identifies the encoded audio of a file, whatever its tags say. */
export interface Essence {
  /** SHA-256 over the audio's packets, 32 bytes. */
  digest: Uint8Array;
  packets: number;
  /** Bytes in them. */
  audioBytes: number;
}

/** Digests a file's encoded audio in one of the workshop's workers: reads all of it, decodes nothing. */
export async function essence(
  workshop: Runs,
  input: AudioInput,
  options?: WorkOptions,
): Promise<Essence> {
  return (await workshop.run({ kind: 'essence' }, input, options)).result as Essence;
}
