// Common encryption (ISO/IEC 23001-7, scheme `cenc`) of a fragmented MP4 with one audio track: what a service
// that streams does to a song with the key of its permit.
//
// Debian's ffmpeg (5.1) encrypts such files too, but writes no `senc` into their fragments, so nobody can read
// them; hence its clear file is encrypted here.
//
//   moov  pssh: for which keys to ask whom                              inserted
//   stsd  mp4a -> enca, sinf: what it was, which scheme, which key      changed
//   traf  saiz, saio, senc: eight bytes of IV a sample                  inserted
//   mdat  samples, AES-128-CTR, each from block 0 of its own IV         encrypted

import { createCipheriv, randomBytes } from 'node:crypto';

const CLEAR_KEY = Buffer.from('1077efecc0b24d02ace33c1e52e2fb4b', 'hex');
const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'moof', 'traf']);
const SAMPLE_ENTRY_BYTES = 28;
const IV_BYTES = 8;
const HEADER_BYTES = 8;

// Flags of `trun`, and what a flag adds to a sample's line.
const DATA_OFFSET = 0x1;
const FIRST_FLAGS = 0x4;
const DURATION = 0x100;
const SIZE = 0x200;
const FLAGS = 0x400;
const SHIFT = 0x800;

/** Encrypts a clear fragmented MP4 under a key and its id, 16 bytes each. */
export function encrypted(file, key, kid) {
  const boxes = parsed(file);
  let iv = randomBytes(IV_BYTES).readBigUInt64BE();
  for (const [at, box] of boxes.entries()) {
    if (box.type === 'moov') {
      protect(box, kid);
      box.boxes.push(made('pssh', full(1), CLEAR_KEY, u32(1), kid, u32(0)));
    } else if (box.type === 'moof') {
      iv = encryptFragment(box, boxes[at + 1], key, iv);
    }
  }
  // An index of the clear file's places would be wrong now.
  return Buffer.concat(boxes.filter(({ type }) => !['sidx', 'mfra'].includes(type)).map(written));
}

/** Boxes as objects: {type, boxes} or {type, content}. */
function parsed(bytes) {
  const boxes = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    if (size < HEADER_BYTES) throw new Error(`a box of ${size} bytes at ${at}`);
    const type = bytes.toString('latin1', at + 4, at + HEADER_BYTES);
    const content = bytes.subarray(at + HEADER_BYTES, at + size);
    boxes.push(CONTAINERS.has(type) ? { type, boxes: parsed(content) } : { type, content });
    at += size;
  }
  return boxes;
}

function written({ type, boxes, content }) {
  const inside = boxes ? Buffer.concat(boxes.map(written)) : content;
  return Buffer.concat([u32(HEADER_BYTES + inside.length), Buffer.from(type, 'latin1'), inside]);
}

function made(type, ...parts) {
  return { type, content: Buffer.concat(parts) };
}

function only(box, ...path) {
  return path.reduce((found, type) => {
    const inside = found.boxes.filter((one) => one.type === type);
    if (inside.length !== 1) throw new Error(`${inside.length} boxes ${type} in ${found.type}`);
    return inside[0];
  }, box);
}

/** The sample description: encrypted, and how. */
function protect(moov, kid) {
  const stsd = only(moov, 'trak', 'mdia', 'minf', 'stbl', 'stsd');
  const [entry] = parsed(stsd.content.subarray(8));
  // Version 0, not protected by default no: eight bytes of IV, and the key.
  const tenc = made('tenc', full(0), Buffer.from([0, 0, 1, IV_BYTES]), kid);
  const sinf = [
    made('frma', Buffer.from(entry.type, 'latin1')),
    made('schm', full(0), Buffer.from('cenc'), u32(0x10000)),
    made('schi', written(tenc)),
  ];
  const added = written(made('sinf', ...sinf.map(written)));
  if (entry.content.length < SAMPLE_ENTRY_BYTES) throw new Error('no audio sample entry');
  const content = Buffer.concat([entry.content, added]);
  stsd.content = Buffer.concat([stsd.content.subarray(0, 8), written({ type: 'enca', content })]);
}

/** Encrypts a fragment's samples in place; returns the IV that comes next. */
function encryptFragment(moof, mdat, key, first) {
  const traf = only(moof, 'traf');
  const trun = only(traf, 'trun');
  const sizes = sampleSizes(trun.content);
  const ivs = sizes.map((_, at) => u64(first + BigInt(at)));
  const data = Buffer.from(mdat.content);
  let at = 0;
  for (const [number, size] of sizes.entries()) {
    const counter = Buffer.concat([ivs[number], Buffer.alloc(16 - IV_BYTES)]);
    const cipher = createCipheriv('aes-128-ctr', key, counter);
    cipher.update(data.subarray(at, at + size)).copy(data, at);
    at += size;
  }
  if (at !== data.length) throw new Error(`samples of ${at} bytes in ${data.length}`);
  mdat.content = data;
  const saio = made('saio', full(0), u32(1), u32(0));
  const senc = made('senc', full(0), u32(ivs.length), ...ivs);
  traf.boxes.push(made('saiz', full(0), Buffer.from([IV_BYTES]), u32(ivs.length)), saio, senc);
  place(moof, trun, saio, senc);
  return first + BigInt(sizes.length);
}

/** Bytes of each sample, as the run lists them. */
function sampleSizes(run) {
  const flags = run.readUIntBE(1, 3);
  if (!(flags & SIZE) || !(flags & DATA_OFFSET)) throw new Error('a run without sizes or offset');
  const before = flags & DURATION ? 4 : 0;
  const line = [DURATION, SIZE, FLAGS, SHIFT].reduce((sum, flag) => sum + (flags & flag ? 4 : 0), 0);
  const start = 12 + (flags & FIRST_FLAGS ? 4 : 0) + before;
  return Array.from({ length: run.readUInt32BE(4) }, (_, at) => run.readUInt32BE(start + at * line));
}

/** Writes where samples and IVs lie, counted from the fragment's start: its end and `senc` have moved. */
function place(moof, trun, saio, senc) {
  const all = written(moof);
  const ivs = all.length - written(senc).length + HEADER_BYTES + 8;
  if (moof.boxes.at(-1).boxes?.at(-1) !== senc) throw new Error('senc is not the last');
  u32(ivs).copy(saio.content, 8);
  const run = Buffer.from(trun.content);
  u32(all.length + HEADER_BYTES).copy(run, 8);
  trun.content = run;
}

function full(version) {
  return Buffer.from([version, 0, 0, 0]);
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return bytes;
}
