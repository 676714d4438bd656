// What goes wrong is a typed error with a stable code, in two languages, and never a crash.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Extractor, fingerprint, inspect, OnmonError, prepare } from 'onmon';
import { MESSAGES } from '../dist/messages.js';

import { vectors, wav } from './vectors.mjs';

/** Asserts that a promise rejects with this code. */
function rejects(promise, code) {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof OnmonError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.length > 0);
    assert.match(error.localized('ja-JP'), /[ぁ-んァ-ン一-龯]/);
    assert.doesNotMatch(error.localized('en-GB'), /[ぁ-んァ-ン]/);
    return true;
  });
}

test('input that is none', async () => {
  for (const input of ['song.mp3', 7, null, undefined, {}]) {
    await rejects(fingerprint(input), 'unsupported_input');
  }
});

test('files that give no fingerprint', async () => {
  const [vector] = vectors();
  const short = wav({ ...vector, pcm: vector.pcm.subarray(0, vector.rateHz * vector.channels) });
  await rejects(fingerprint(new Uint8Array()), 'empty_file');
  await rejects(fingerprint(new TextEncoder().encode('no music here. '.repeat(99))), 'unsupported_container');
  await rejects(fingerprint(short), 'too_short');
});

test('any bytes at all end in a fingerprint or in a typed error', async () => {
  const file = wav(vectors()[0]);
  let state = 7;
  const random = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  for (let round = 0; round < 40; round += 1) {
    const broken = file.slice(0, 1 + random(file.length));
    for (let hit = 0; hit < 8; hit += 1) broken[random(Math.min(64, broken.length))] = random(256);
    await fingerprint(broken).catch((error) => {
      assert.ok(error instanceof OnmonError, String(error));
      assert.notEqual(error.code, 'internal', error.message);
    });
  }
});

test('PCM that is not taken', async () => {
  await rejects(Extractor.create({ sampleRate: 12_345 }), 'unsupported_rate');
  await rejects(Extractor.create({ sampleRate: 44_100, channels: 0 }), 'unsupported_channels');
  await rejects(Extractor.create({ sampleRate: 44_100, channels: 65_537 }), 'unsupported_channels');
  const extractor = await Extractor.create({ sampleRate: 44_100 });
  assert.throws(() => extractor.fingerprint(), { code: 'too_short' });
  extractor.free();
  assert.throws(() => extractor.push(new Float32Array(8)), { code: 'internal' });
});

test('bytes that are no fingerprint, each with its own code', async () => {
  const { afp } = vectors()[0];
  const changed = (at, value) => Uint8Array.from(afp, (byte, index) => (index === at ? value : byte));
  await rejects(inspect(new Uint8Array()), 'not_a_fingerprint');
  await rejects(inspect(afp.subarray(0, 3)), 'truncated');
  await rejects(inspect(changed(3, 99)), 'unknown_wire_version');
  await rejects(inspect(changed(afp.length - 1, afp.at(-1) ^ 1)), 'checksum_mismatch');
  await rejects(inspect(afp.subarray(0, afp.length - 1)), 'checksum_mismatch');
});

test('a module that is none, and one that is handed over', async () => {
  await rejects(prepare({ wasm: new Uint8Array([0, 97, 115]) }), 'wasm_unavailable');
  await rejects(prepare({ wasm: 'http://127.0.0.1:1/onmon_wasm_bg.wasm' }), 'wasm_unavailable');
  const { afp } = vectors()[0];
  assert.equal((await inspect(afp)).kind, 'clip', 'a failure is not kept');
  const bytes = readFileSync(new URL('../pkg/onmon_wasm_bg.wasm', import.meta.url));
  for (const wasm of [bytes, await WebAssembly.compile(bytes)]) {
    await prepare({ wasm });
    assert.deepEqual((await fingerprint(wav(vectors()[0]))).bytes, afp);
  }
});

test('every code that the Rust side can send has its messages', () => {
  for (const source of ['decode/src/error.rs', 'core/src/wire.rs', 'tag/src/error.rs', 'tag/src/keys.rs', 'seal/src/error.rs']) {
    const text = readFileSync(new URL(`../../../${source}`, import.meta.url), 'utf8');
    const codes = [...text.matchAll(/Self::\w+(?:\([^)]*\)| \{ \.\. \})? => "(\w+)"/g)];
    assert.ok(codes.length > 4, `${source}: its codes are found`);
    for (const [, code] of codes) assert.ok(Object.hasOwn(MESSAGES, code), `no message for ${code}`);
  }
});

test('every message says something in both languages', () => {
  for (const [code, { en, ja }] of Object.entries(MESSAGES)) {
    assert.match(en, /[.]$/, code);
    assert.match(ja, /。$/, code);
  }
});
