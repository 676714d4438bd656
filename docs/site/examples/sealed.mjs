// ONMON_API_KEY=... node sealed.mjs shared.sealed song.mp3: buys a sealed file and opens it.

import { readFile, writeFile } from 'node:fs/promises';

import { contentLength, open, openRange } from 'onmon/sealed';
import { purchase, signIn } from 'onmon/sharing';

const server = 'https://music.example.org';
const [shared, song] = process.argv.slice(2);

const file = await readFile(shared);
const { token } = await signIn(process.env.ONMON_API_KEY, { server });
const { key, price, recheck } = await purchase(file, { token, server });

// A player that jumps reads a part of it; whoever wants all of it opens it.
const first = await openRange(file, key, 0, 4);
const opened = await open(file, key);
await writeFile(song, new Uint8Array(await opened.arrayBuffer()));
console.log(`${price.yen} yen, ${await contentLength(file)} bytes, beginning with ${Buffer.from(first).toString('hex')}`);
console.log(`its sound: ${await recheck}`);
