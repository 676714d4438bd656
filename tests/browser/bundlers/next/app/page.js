// A server component: the song at SONG is fingerprinted while the page is rendered.

import { readFile } from 'node:fs/promises';

import { fingerprint } from 'onmon';

import { Song } from './song.js';

// At each request, not once when the site is built.
export const dynamic = 'force-dynamic';

export default async function Page() {
  const { bytes } = await fingerprint(await readFile(process.env.SONG));
  return (
    <main data-bytes={Buffer.from(bytes).toString('hex')}>
      <Song />
    </main>
  );
}
