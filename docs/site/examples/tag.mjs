// node tag.mjs shared.mp3: whose permit a file is shared under, and whether it is that file.

import { readFile } from 'node:fs/promises';

import { essence } from 'onmon';
import { serverKeys } from 'onmon/sharing';
import { readTag, stripTag, verifyTag } from 'onmon/tag';

const file = await readFile(process.argv[2]);
const found = await readTag(file);
if (!found) {
  console.log('no tag');
} else {
  const tag = await verifyTag(found, await serverKeys({ server: 'https://music.example.org' }));
  const { digest } = await essence(file);
  const isThisFile = Buffer.from(digest).equals(Buffer.from(tag.essence));
  console.log(`permit ${tag.permitId} of ${tag.recordingId}, ${isThisFile ? 'of this file' : 'of another file'}`);
  console.log(`${file.length - (await stripTag(file)).size} bytes of it are the tag`);
}
