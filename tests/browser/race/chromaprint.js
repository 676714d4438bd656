// One of three that `race.mjs` runs side by side: @unimusic/chromaprint with its own settings, which are
// fpcalc's: the fingerprint of the first 120 s.

import { processAudioFile } from '@unimusic/chromaprint';

export async function bytesOf(file) {
  for await (const print of processAudioFile(await file.arrayBuffer())) return new TextEncoder().encode(print);
  throw new Error('no fingerprint');
}
