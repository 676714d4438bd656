// The golden vectors that every target must reproduce, byte for byte.

import { readFileSync, readdirSync } from 'node:fs';

const FOLDER = new URL('../../../tests/vectors/', import.meta.url);

/** [{name, rateHz, channels, durationMs, pcm: Int16Array, codes, afp}] */
export function vectors() {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return names.sort().map((file) => {
    const meta = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'));
    const bytes = (ending) => new Uint8Array(readFileSync(new URL(`${meta.name}.${ending}`, FOLDER)));
    return {
      name: meta.name,
      rateHz: meta.rate_hz,
      channels: meta.channels,
      durationMs: meta.duration_ms,
      pcm: new Int16Array(bytes('pcm').buffer),
      codes: bytes('codes'),
      afp: bytes('afp'),
    };
  });
}

/** PCM as a WAV file. */
export function wav({ rateHz, channels, pcm }) {
  const HEADER_BYTES = 44;
  const file = new Uint8Array(HEADER_BYTES + pcm.byteLength);
  const view = new DataView(file.buffer);
  const text = (at, letters) => file.set(new TextEncoder().encode(letters), at);
  text(0, 'RIFF');
  view.setUint32(4, file.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, rateHz * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, pcm.byteLength, true);
  file.set(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength), HEADER_BYTES);
  return file;
}

/** A WAV file of noise, `seconds` long: enough work to interrupt. */
export function longWav(seconds) {
  const rateHz = 48_000;
  const pcm = new Int16Array(rateHz * seconds);
  let state = 1;
  for (let at = 0; at < pcm.length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    pcm[at] = state >> 17;
  }
  return wav({ rateHz, channels: 1, pcm });
}
