// Sealed content (RFC 8188, `aes128gcm`) by WebCrypto: the same bytes as the Rust side's onmon-seal.
//
//   header    salt 16 | record size, u32 BE | 16 | kid 16
//   record i  AES-128-GCM( content | 01, the last 02 ), nonce xor i

import { OnmonError, throwIfAborted } from './errors.js';
import { audioOf, type AudioInput } from './work.js';

/** A content key: 16 bytes. */
export type ContentKey = Uint8Array;

/** Options of work on sealed content. */
export interface SealOptions {
  /** Stops between two records; the promise rejects with code `aborted`. */
  signal?: AbortSignal | undefined;
  /** Told the share that is done, 0 to 1, after every record. */
  onProgress?: ((fraction: number) => void) | undefined;
}

/** What sealed content begins with. */
export interface SealedHeader {
  salt: Uint8Array;
  recordBytes: number;
  /** Which key opens it, in hexadecimal; 32 digits with ours. */
  kid: string;
  /** Bytes of the header. */
  bytes: number;
}

/** Bytes of a record: 1.6 s of an MP3 of 320 kbit/s, 0.03 % overhead. */
const RECORD_BYTES = 64 << 10;
const RECORD_BYTES_MIN = 18;
const RECORD_BYTES_MAX = 16 << 20;
/** The delimiter and GCM's tag. */
const OVERHEAD_BYTES = 17;
const FIXED_BYTES = 21;
const HEADER_BYTES_MAX = FIXED_BYTES + 255;
const MORE = 1;
const LAST = 2;
/** Records that are gathered before they become a Blob, which a browser may put on disk. */
const GATHERED_RECORDS = 64;

/**
 * Seals a file under a content key and its id, as a server gave them out. The file never leaves the
 * machine unsealed; a fresh salt makes sealing it twice safe.
 *
 * Rejects with `aborted`, `unsupported_input`, `invalid_key`, `crypto_unavailable` (a page that was not
 * served over https), `read_failed`.
 */
export async function seal(
  input: AudioInput,
  key: ContentKey,
  kid: Uint8Array | string,
  options: SealOptions & { recordBytes?: number; salt?: Uint8Array } = {},
): Promise<Blob> {
  return gather(sealRecords(input, key, kid, options));
}

/** The same as a stream, record by record. */
export function sealStream(
  input: AudioInput,
  key: ContentKey,
  kid: Uint8Array | string,
  options: SealOptions = {},
): ReadableStream<Uint8Array> {
  return streamOf(sealRecords(input, key, kid, options));
}

/**
 * Opens sealed content. Resolves only if all of it is there, in order and unchanged.
 *
 * Rejects with `seal_not_sealed`, `seal_record_size`, `seal_altered` (also a wrong key),
 * `seal_truncated`, `seal_trailing`, and those of `seal`.
 */
export async function open(
  input: AudioInput,
  key: ContentKey,
  options: SealOptions & { type?: string } = {},
): Promise<Blob> {
  return gather(openRecords(input, key, options), options.type);
}

/** The same as a stream; what it gives before an error is genuine, but not the whole. */
export function openStream(
  input: AudioInput,
  key: ContentKey,
  options: SealOptions = {},
): ReadableStream<Uint8Array> {
  return streamOf(openRecords(input, key, options));
}

/**
 * The content from byte `start` to byte `end` (exclusive), as far as there is any: only the records that
 * hold it are read. For players that jump.
 *
 * Rejects as `open`, and with `seal_padded` for content of others that has padding.
 */
export async function openRange(
  input: AudioInput,
  key: ContentKey,
  start: number,
  end: number,
): Promise<Uint8Array> {
  const file = fileOf(input);
  const header = await headerOf(file);
  const each = header.recordBytes - OVERHEAD_BYTES;
  const total = contentBytes(file, header);
  const until = Math.min(end, total);
  const cipher = await derive(key, header.salt);
  const out = new Uint8Array(Math.max(0, until - start));
  for (let at = start; at < until; ) {
    const number = Math.floor(at / each);
    const { content, padded } = await openRecord(file, header, cipher, number);
    if (padded) throw new OnmonError('seal_padded');
    const from = at - number * each;
    const piece = content.subarray(from, Math.min(content.length, from + until - at));
    if (piece.length === 0) throw new OnmonError('seal_altered', { detail: `record ${number}` });
    out.set(piece, at - start);
    at += piece.length;
  }
  return out;
}

/** The header of sealed content: which key opens it. Rejects with `seal_not_sealed`, `seal_record_size`. */
export async function sealedHeader(input: AudioInput): Promise<SealedHeader> {
  return headerOf(fileOf(input));
}

/** Bytes of the content, where it has no padding (ours has none). */
export async function contentLength(input: AudioInput): Promise<number> {
  const file = fileOf(input);
  return contentBytes(file, await headerOf(file));
}

async function* sealRecords(
  input: AudioInput,
  key: ContentKey,
  kid: Uint8Array | string,
  options: SealOptions & { recordBytes?: number; salt?: Uint8Array },
): AsyncGenerator<Uint8Array> {
  const file = fileOf(input);
  const recordBytes = checkedSize(options.recordBytes ?? RECORD_BYTES);
  const salt = options.salt ?? crypto.getRandomValues(new Uint8Array(16));
  const cipher = await derive(key, salt);
  yield encodeHeader(salt, recordBytes, kidBytes(kid));
  const each = recordBytes - OVERHEAD_BYTES;
  const count = Math.max(1, Math.ceil(file.size / each));
  for (let number = 0; number < count; number += 1) {
    throwIfAborted(options.signal);
    const content = await bytesOf(file, number * each, Math.min(file.size, (number + 1) * each));
    const record = new Uint8Array(content.length + 1);
    record.set(content);
    record[content.length] = number + 1 === count ? LAST : MORE;
    const sealed = await crypto.subtle.encrypt(parameters(cipher, number), cipher.key, record);
    yield new Uint8Array(sealed);
    options.onProgress?.((number + 1) / count);
  }
}

async function* openRecords(
  input: AudioInput,
  key: ContentKey,
  options: SealOptions,
): AsyncGenerator<Uint8Array> {
  const file = fileOf(input);
  const header = await headerOf(file);
  const cipher = await derive(key, header.salt);
  const count = recordCount(file, header);
  if (count === 0) throw new OnmonError('seal_truncated');
  for (let number = 0; number < count; number += 1) {
    throwIfAborted(options.signal);
    yield (await openRecord(file, header, cipher, number)).content;
    options.onProgress?.((number + 1) / count);
  }
}

/** One record by its number; it must be marked as the last one if it is, and only then. */
async function openRecord(
  file: Blob,
  header: SealedHeader,
  cipher: Cipher,
  number: number,
): Promise<{ content: Uint8Array; padded: boolean }> {
  const start = header.bytes + number * header.recordBytes;
  const sealed = await bytesOf(file, start, Math.min(file.size, start + header.recordBytes));
  const detail = `record ${number}`;
  const isLast = number + 1 === recordCount(file, header);
  let record: Uint8Array;
  try {
    const opened = await crypto.subtle.decrypt(
      parameters(cipher, number),
      cipher.key,
      sealed as BufferSource,
    );
    record = new Uint8Array(opened);
  } catch (cause) {
    // A piece of a record fails like an altered one; at the end it was more likely cut.
    const isPiece = isLast && number > 0 && sealed.length < header.recordBytes;
    throw new OnmonError(isPiece ? 'seal_truncated' : 'seal_altered', { detail, cause });
  }
  let end = record.length - 1;
  while (end >= 0 && record[end] === 0) end -= 1;
  const mark = record[end];
  if (mark !== MORE && mark !== LAST) throw new OnmonError('seal_altered', { detail });
  if (mark === MORE && isLast) throw new OnmonError('seal_truncated', { detail });
  if (mark === LAST && !isLast) throw new OnmonError('seal_trailing', { detail });
  return { content: record.subarray(0, end), padded: end + 1 !== record.length };
}

/** The key of the records, and the nonce that each record's number is mixed into. */
interface Cipher {
  key: CryptoKey;
  nonce: Uint8Array;
}

async function derive(key: ContentKey, salt: Uint8Array): Promise<Cipher> {
  if (!(key instanceof Uint8Array) || key.length !== 16) throw new OnmonError('invalid_key');
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) throw new OnmonError('crypto_unavailable');
  const secret = await subtle.importKey('raw', key as BufferSource, 'HKDF', false, ['deriveBits']);
  const bits = async (info: string, count: number) => {
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: salt as BufferSource, info: text(info) };
    return new Uint8Array(await subtle.deriveBits(hkdf, secret, count));
  };
  const contentKey = await bits('Content-Encoding: aes128gcm\0', 128);
  const usages: KeyUsage[] = ['encrypt', 'decrypt'];
  const cipher = {
    key: await subtle.importKey('raw', contentKey, 'AES-GCM', false, usages),
    nonce: await bits('Content-Encoding: nonce\0', 96),
  };
  contentKey.fill(0);
  return cipher;
}

function parameters({ nonce }: Cipher, number: number): AesGcmParams {
  const iv = nonce.slice();
  const view = new DataView(iv.buffer);
  view.setBigUint64(4, view.getBigUint64(4) ^ BigInt(number));
  return { name: 'AES-GCM', iv };
}

function text(letters: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(letters);
}

async function headerOf(file: Blob): Promise<SealedHeader> {
  const head = await bytesOf(file, 0, Math.min(file.size, HEADER_BYTES_MAX));
  const bytes = FIXED_BYTES + (head[FIXED_BYTES - 1] ?? 0);
  if (head.length < bytes) throw new OnmonError('seal_not_sealed');
  const view = new DataView(head.buffer, head.byteOffset);
  return {
    salt: head.slice(0, 16),
    recordBytes: checkedSize(view.getUint32(16)),
    kid: hex(head.subarray(FIXED_BYTES, bytes)),
    bytes,
  };
}

function encodeHeader(salt: Uint8Array, recordBytes: number, kid: Uint8Array): Uint8Array {
  const header = new Uint8Array(FIXED_BYTES + kid.length);
  header.set(salt);
  new DataView(header.buffer).setUint32(16, recordBytes);
  header[FIXED_BYTES - 1] = kid.length;
  header.set(kid, FIXED_BYTES);
  return header;
}

function checkedSize(recordBytes: number): number {
  if (recordBytes >= RECORD_BYTES_MIN && recordBytes <= RECORD_BYTES_MAX) return recordBytes;
  throw new OnmonError('seal_record_size', { detail: `${recordBytes} bytes` });
}

function recordCount(file: Blob, header: SealedHeader): number {
  return Math.ceil((file.size - header.bytes) / header.recordBytes);
}

function contentBytes(file: Blob, header: SealedHeader): number {
  const count = recordCount(file, header);
  const bytes = file.size - header.bytes - count * OVERHEAD_BYTES;
  if (count === 0 || bytes < 0) throw new OnmonError('seal_truncated');
  return bytes;
}

function kidBytes(kid: Uint8Array | string): Uint8Array {
  if (kid instanceof Uint8Array && kid.length === 16) return kid;
  if (typeof kid === 'string' && /^[0-9a-f]{32}$/.test(kid)) {
    return Uint8Array.from(kid.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  }
  throw new OnmonError('invalid_key', { detail: 'a key id has 16 bytes' });
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fileOf(input: AudioInput): Blob {
  const audio = audioOf(input);
  return audio instanceof Uint8Array ? new Blob([audio as BlobPart]) : audio;
}

async function bytesOf(file: Blob, start: number, end: number): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.slice(start, end).arrayBuffer());
  } catch (cause) {
    throw new OnmonError('read_failed', { detail: String(cause), cause });
  }
}

async function gather(pieces: AsyncGenerator<Uint8Array>, type = ''): Promise<Blob> {
  const blobs: BlobPart[] = [];
  let some: BlobPart[] = [];
  for await (const piece of pieces) {
    some.push(piece as BlobPart);
    if (some.length < GATHERED_RECORDS) continue;
    blobs.push(new Blob(some));
    some = [];
  }
  return new Blob([...blobs, ...some], { type });
}

function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
