// Sealing by WebCrypto: byte for byte what the Rust side makes, and nothing altered opens.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { contentLength, open, openRange, openStream, seal, sealStream, sealedHeader } from 'onmon/sealed';

import { bytesOf, contentOf, hexOf, jsonOf } from './bytes.mjs';

const VECTORS = jsonOf('seal/tests/vectors.json');
const KEY = Uint8Array.from({ length: 16 }, (_, at) => at + 1);
const KID = '0123456789abcdef0123456789abcdef';

const base64 = (text) => Uint8Array.from(Buffer.from(text, 'base64url'));
const rejects = (promise, code) => assert.rejects(promise, { code });
const counted = (length) => Uint8Array.from({ length }, (_, at) => at * 31);

test('seals to the bytes of onmon-seal, and opens them', async () => {
  assert.ok(VECTORS.length > 4);
  for (const { key, kid, salt, recordBytes, content, sealed } of VECTORS) {
    const made = await seal(bytesOf(content), bytesOf(key), kid, { recordBytes, salt: bytesOf(salt) });
    assert.equal(hexOf(await contentOf(made)), sealed);
    assert.equal(hexOf(await contentOf(await open(bytesOf(sealed), bytesOf(key)))), content);
    assert.deepEqual(await sealedHeader(bytesOf(sealed)), { salt: bytesOf(salt), recordBytes, kid, bytes: 37 });
    assert.equal(await contentLength(bytesOf(sealed)), content.length / 2);
  }
});

test('opens the examples of RFC 8188', async () => {
  const one = base64('I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg');
  assert.equal(await (await open(one, base64('yqdlZ-tYemfogSmv7Ws5PQ'))).text(), 'I am the walrus');
  const two = base64('uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA');
  const key = base64('BO3ZVPxUlnLORbVGMpbT1Q');
  assert.equal(await (await open(two, key)).text(), 'I am the walrus');
  assert.equal((await sealedHeader(two)).kid, Buffer.from('a1').toString('hex'));
  await rejects(openRange(two, key, 0, 15), 'seal_padded');
});

test('any place opens by itself', async () => {
  const content = counted(1_000);
  const sealed = await seal(content, KEY, KID, { recordBytes: 64 });
  for (const [start, end] of [[0, 0], [0, 1], [46, 48], [47, 94], [0, 1_000], [990, 2_000], [1_000, 1_001], [2_000, 3_000]]) {
    assert.deepEqual(await openRange(sealed, KEY, start, end), content.slice(start, end), `${start} to ${end}`);
  }
});

test('cut, reordered, lengthened or altered content does not open', async () => {
  const sealed = await contentOf(await seal(counted(200), KEY, KID, { recordBytes: 50 }));
  for (let length = 38; length < sealed.length; length += 7) {
    await rejects(open(sealed.slice(0, length), KEY), length < 87 ? 'seal_altered' : 'seal_truncated');
  }
  await rejects(open(sealed.slice(0, 36), KEY), 'seal_not_sealed');
  await rejects(open(sealed.slice(0, 37), KEY), 'seal_truncated');
  await rejects(open(Buffer.concat([sealed, sealed.slice(37, 87)]), KEY), 'seal_altered');
  const swapped = Buffer.concat([sealed.slice(0, 37), sealed.slice(87, 137), sealed.slice(37, 87), sealed.slice(137)]);
  await rejects(open(swapped, KEY), 'seal_altered');
  await rejects(open(sealed, new Uint8Array(16)), 'seal_altered');
  await rejects(open(sealed, new Uint8Array(15)), 'invalid_key');
  await rejects(seal(sealed, KEY, 'kid'), 'invalid_key');
  const hostile = sealed.slice();
  hostile.fill(255, 16, 20);
  await rejects(open(hostile, KEY), 'seal_record_size');
});

test('sealing twice is never the same, and streams give what blobs do', async () => {
  const content = counted(200_000);
  const [one, two] = [await seal(content, KEY, KID), await seal(content, KEY, KID)];
  assert.notEqual(hexOf(await contentOf(one)), hexOf(await contentOf(two)));
  const sealed = await new Response(sealStream(content, KEY, KID)).blob();
  const opened = await new Response(openStream(sealed, KEY)).arrayBuffer();
  assert.deepEqual(new Uint8Array(opened), content);
});

test('tells its progress and can be stopped', async () => {
  const told = [];
  const abort = new AbortController();
  const onProgress = (fraction) => {
    told.push(fraction);
    if (told.length === 3) abort.abort('enough');
  };
  const sealing = seal(counted(1_000_000), KEY, KID, { signal: abort.signal, onProgress });
  await assert.rejects(sealing, { name: 'AbortError', code: 'aborted', cause: 'enough' });
  assert.equal(told.length, 3);
});
