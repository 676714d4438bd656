// The browser's own decoder, for what neither ours nor web-codecs.ts read (a Mac's CAF): it takes a file whole
// and gives it whole, so files that would fill the memory are left out.

import { claimsSound } from './guard-files.js';
import type { Pcm } from './platform.js';

/** 16 MiB: ten minutes at 200 kbit/s, which are 230 MB of PCM. */
const BYTES_MAX = 16 * 1024 * 1024;

/** The rate that it is asked for; a rate of its own is not told by anything. */
const RATE_HZ = 44_100;

/** Decodes a file; `null` where it is too large, is no audio by its type, or the browser cannot either. */
export async function decodeWhole(file: Blob): Promise<Pcm | null> {
  const mayBeAudio = file.type === '' || claimsSound(file);
  if (!mayBeAudio || file.size > BYTES_MAX || typeof OfflineAudioContext === 'undefined') return null;
  try {
    const context = new OfflineAudioContext({ length: 1, sampleRate: RATE_HZ });
    const audio = await context.decodeAudioData(await file.arrayBuffer());
    const channels = Array.from({ length: audio.numberOfChannels }, (_, at) => audio.getChannelData(at));
    return { sampleRate: audio.sampleRate, channels };
  } catch {
    return null; // The error of our own decoder says more.
  }
}
