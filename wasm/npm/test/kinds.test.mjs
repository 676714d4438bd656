// Which module a file is for, by how it begins.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decoderFor } from '../dist/kinds.js';

const bytes = (...parts) => new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))));

/** An ID3v2 tag of ten bytes. */
const ID3 = bytes('ID3\x04\0\0\0\0\0\x0a', Buffer.alloc(10));

const KINDS = {
  'MPEG Layer III': [[0xff, 0xfb, 0x90, 0x64], 'mp3'],
  'the same behind a tag': [bytes(ID3, [0xff, 0xfb, 0x90]), 'mp3'],
  'Layer II': [[0xff, 0xfd, 0x90, 0x64], 'all'],
  'raw AAC': [[0xff, 0xf1, 0x50, 0x80], 'common'],
  'raw AAC behind a tag': [bytes(ID3, [0xff, 0xf1, 0x50]), 'all'],
  MP4: [bytes([0, 0, 0, 0x20], 'ftypM4A '), 'common'],
  FLAC: ['fLaC\0\0\0\x22', 'common'],
  'FLAC behind a tag': [bytes(ID3, 'fLaC'), 'all'],
  WAV: [bytes('RIFF', [0, 0, 0, 0], 'WAVE'), 'common'],
  'another RIFF': [bytes('RIFF', [0, 0, 0, 0], 'AVI '), 'all'],
  AIFF: [bytes('FORM', [0, 0, 0, 0], 'AIFF'), 'all'],
  Ogg: ['OggS\0\x02', 'all'],
  'a tag and no more': ['ID3\x04\0\0\x7f\x7f\x7f\x7f', 'all'],
  nothing: ['', 'all'],
};

for (const [name, [head, decoder]] of Object.entries(KINDS)) {
  test(`${name}: ${decoder}`, async () => {
    const audio = bytes(head);
    assert.equal(await decoderFor(audio), decoder);
    assert.equal(await decoderFor(new Blob([audio])), decoder);
  });
}

test('a file that has gone, and one that is elsewhere, are for the module that reads everything', async () => {
  const gone = new Blob(['fLaC']);
  gone.slice = () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) });
  assert.equal(await decoderFor(gone), 'all');
  assert.equal(await decoderFor({ size: 4, read: () => assert.fail('a request') }), 'all');
});
