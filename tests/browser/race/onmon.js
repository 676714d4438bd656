// One of three that `race.mjs` runs side by side: the package as its README shows it.

import { fingerprint, prepare } from 'onmon';

/** What a page does where somebody reaches for a file (`<onmon-upload>` does it by itself). */
export const reach = () => prepare({ warmUp: true });

export async function bytesOf(file) {
  return (await fingerprint(file)).bytes;
}
