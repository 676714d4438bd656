// ONMON_API_KEY=... node sharing.mjs tag|drm song.mp3 shared: asks for a permit and writes the file that may be shared.

import { readFile, writeFile } from 'node:fs/promises';

import { offer, share, signIn } from 'onmon/sharing';

const server = 'https://music.example.org';
const [method, song, shared] = process.argv.slice(2);

const { token } = await signIn(process.env.ONMON_API_KEY, { server });
const { file, decision, permitId } = await share(await readFile(song), { method, token, server });
if (!file) {
  console.log(`${decision}: it may not be shared`);
} else {
  await writeFile(shared, new Uint8Array(await file.arrayBuffer()));
  const { price, recordings } = await offer(file, { server });
  console.log(`${decision}: permit ${permitId}; ${recordings[0].title} costs ${price.yen} yen`);
}
