// Tags through the package: verified, written into files of every container, taken out again.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { essence, fingerprint } from 'onmon';
import { checkRelease, readTag, stripTag, verifyRelease, verifyTag, writeTag } from 'onmon/tag';

import { bytesOf, contentOf, fileOf, hexOf, jsonOf } from './bytes.mjs';

const VECTORS = jsonOf('tag/tests/vectors.json');
const KEYS = { keys: VECTORS.keys };
const TAG = bytesOf(VECTORS.tag);
const RELEASE = bytesOf(VECTORS.release);
const FILES = ['constant.mp3', 'untagged.mp3', 'raw.aac', 'pcm.wav', 'pcm.aiff', 'native.flac', 'vorbis.ogg', 'opus.opus', 'aac.m4a'];

const rejects = (promise, code) => assert.rejects(promise, { code });

test('verifies what the server signed, and nothing else', async () => {
  const tag = await verifyTag(TAG, KEYS);
  assert.equal(tag.permitId, VECTORS.permitId);
  assert.equal(tag.issuedMs, VECTORS.issuedMs);
  assert.equal(tag.essence.length, 32);
  assert.equal((await verifyRelease(RELEASE, KEYS)).accountId, VECTORS.accountId);
  await rejects(verifyTag(RELEASE, KEYS), 'tag_wrong_kind');
  await rejects(verifyTag(TAG, { keys: [] }), 'tag_unknown_key');
  await rejects(verifyTag(TAG, { keys: 'none' }), 'keys_malformed');
  const altered = TAG.slice();
  altered[100] ^= 1;
  await rejects(verifyTag(altered, KEYS), 'tag_bad_signature');
  await rejects(verifyTag(TAG.slice(1), KEYS), 'tag_malformed');
});

test('a release unlocks its file for its account in its time', async () => {
  const { accountId, issuedMs, expiresMs } = VECTORS;
  await checkRelease(RELEASE, TAG, accountId, KEYS, issuedMs);
  await rejects(checkRelease(RELEASE, TAG, accountId, KEYS, expiresMs), 'release_expired');
  await rejects(checkRelease(RELEASE, TAG, 'acc_other', KEYS, issuedMs), 'release_other_account');
});

test('every container takes a tag, keeps its audio and gives the old file back', async () => {
  for (const name of FILES) {
    const file = fileOf(`decode/tests/corpus/${name}`);
    assert.equal(await readTag(file), null, name);
    const tagged = await writeTag(new Blob([file], { type: 'audio/x-test' }), TAG);
    assert.equal(tagged.type, 'audio/x-test');
    const found = await readTag(tagged);
    assert.equal(hexOf(found.bytes), VECTORS.tag, name);
    assert.equal(found.claims.permitId, VECTORS.permitId);
    assert.equal(found.keyId, VECTORS.keys[0].kid);
    assert.equal((await verifyTag(found, KEYS)).permitId, VECTORS.permitId);
    assert.equal(hexOf(await contentOf(await writeTag(tagged, TAG))), hexOf(await contentOf(tagged)), name);
    assert.equal(hexOf(await contentOf(await stripTag(tagged))), hexOf(file), name);
    const before = await essence(file);
    assert.equal(before.digest.length, 32);
    assert.deepEqual(await essence(tagged), before, name);
    assert.deepEqual((await fingerprint(tagged)).bytes, (await fingerprint(file)).bytes, name);
  }
});

test('what has no place for a tag is left alone', async () => {
  await rejects(writeTag(fileOf('decode/tests/corpus/opus.webm'), TAG), 'tag_no_place');
  await rejects(writeTag(fileOf('decode/tests/corpus/pcm.wav'), new Uint8Array(9)), 'tag_malformed');
  await rejects(readTag('song.mp3'), 'unsupported_input');
});
