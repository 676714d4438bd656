// One of three that `race.mjs` runs side by side: the browser decodes all of the file, and our Extractor takes
// all of it.

import { Extractor } from 'onmon';

/** Frames at a time: as many as a page would copy at once. */
const BLOCK_FRAMES = 1 << 16;

export async function bytesOf(file) {
  const context = new AudioContext();
  const audio = await context.decodeAudioData(await file.arrayBuffer());
  const { sampleRate, numberOfChannels: channels, length, duration } = audio;
  const extractor = await Extractor.create({ sampleRate, channels });
  const planes = Array.from({ length: channels }, (_, channel) => audio.getChannelData(channel));
  const block = new Float32Array(BLOCK_FRAMES * channels);
  for (let at = 0; at < length; at += BLOCK_FRAMES) {
    const frames = Math.min(BLOCK_FRAMES, length - at);
    planes.forEach((plane, channel) => {
      for (let frame = 0; frame < frames; frame += 1) block[frame * channels + channel] = plane[at + frame];
    });
    extractor.push(block.subarray(0, frames * channels));
  }
  const bytes = extractor.fingerprint(Math.round(duration * 1_000));
  extractor.free();
  await context.close();
  return bytes;
}
