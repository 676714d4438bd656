// node fingerprint.mjs song.mp3

import { readFile } from 'node:fs/promises';

import { fingerprint, identify } from 'onmon';

const made = await fingerprint(await readFile(process.argv[2]));
const { decision, matches } = await identify(made, { server: 'https://music.example.org' });
console.log(`${decision}: ${matches[0]?.title ?? 'unknown'} (${made.bytes.length} bytes were sent)`);
