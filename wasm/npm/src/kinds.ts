// Which of the modules that decode a file is for, by how it begins.

import type { Decoder } from './job.js';
import { isRangeSource } from './ranges.js';
import { audioOf, type AnyInput } from './work.js';

/** Bytes at a file's beginning that are looked at: an ID3 tag's header, and more than every other mark. */
const HEAD_BYTES = 12;

/** Bytes of an ID3v2 tag's header, and of its footer. */
const ID3_BYTES = 10;
const HAS_FOOTER = 0x10;

/** Marks of files that are common beside MP3, and at which byte they have them. */
const COMMON: [at: number, mark: string][] = [
  [0, 'fLaC'],
  [4, 'ftyp'],
  [8, 'WAVE'],
];

/**
 * The least module that a file of this kind is read by. What is behind an ID3 tag and no MP3 may be anything; a
 * module of less would look for frames in it.
 */
export async function decoderFor(input: AnyInput): Promise<Decoder> {
  if (isRangeSource(input)) return 'all'; // A look would be a request.
  const audio = audioOf(input);
  const bytesAt = async (start: number, count: number) =>
    audio instanceof Uint8Array
      ? audio.subarray(start, start + count)
      : new Uint8Array(await audio.slice(start, start + count).arrayBuffer());
  try {
    const head = await bytesAt(0, HEAD_BYTES);
    if (isId3(head)) return isFrame(await bytesAt(lengthOfId3(head), 2)) ? 'mp3' : 'all';
    if (isFrame(head)) return 'mp3';
    return isAdts(head) || COMMON.some(([at, mark]) => has(head, at, mark)) ? 'common' : 'all';
  } catch {
    return 'all'; // It has gone: whoever reads all of it says so.
  }
}

/** Eleven bits of sync, any version, layer III. */
function isFrame([first = 0, second = 0]: Uint8Array): boolean {
  return first === 0xff && (second & 0xe6) === 0xe2;
}

/** Twelve bits of sync, any version, no layer: raw AAC. */
function isAdts([first = 0, second = 0]: Uint8Array): boolean {
  return first === 0xff && (second & 0xf6) === 0xf0;
}

function isId3(head: Uint8Array): boolean {
  return has(head, 0, 'ID3');
}

function has(head: Uint8Array, at: number, mark: string): boolean {
  return [...mark].every((letter, index) => head[at + index] === letter.charCodeAt(0));
}

/** The tag's length, which has seven bits in each of four bytes. */
function lengthOfId3(head: Uint8Array): number {
  const content = head.subarray(6, ID3_BYTES).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
  return ID3_BYTES + content + ((head[5] ?? 0) & HAS_FOOTER ? ID3_BYTES : 0);
}
