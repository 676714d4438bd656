// The signed tag of a shared file: found, checked, put into files and taken out of them.

import * as glue from '../pkg/onmon_tag.js';
import { Engine, typed } from './engine.js';
import type { PrepareOptions } from './onmon.js';
import type { Platform } from './platform.js';
import { Workshop, audioOf, type AnyInput, type AudioInput, type WorkOptions } from './work.js';

/** Says under which permit a file was shared, and which audio that was. */
export interface Tag {
  version: number;
  recordingId: string;
  permitId: string;
  /** Digest of the encoded audio: compare it with `essence(file)`, or the tag may be another file's. */
  essence: Uint8Array;
  /** SHA-256 of the fingerprint's wire bytes. */
  fingerprint: Uint8Array;
  issuedMs: number;
  encoder: number;
}

/** Unlocks one file for one account, for a time. */
export interface Release {
  permitId: string;
  accountId: string;
  essence: Uint8Array;
  issuedMs: number;
  expiresMs: number;
}

/** A tag as it lies in a file. */
export interface FoundTag {
  /** As it was signed: what `verifyTag` and servers take. */
  bytes: Uint8Array;
  /** What it says. Nobody has checked it. */
  claims: Tag;
  /** The key that is said to have signed it. */
  keyId: string;
}

/** Public keys as servers publish them (RFC 7517). */
export interface KeySet {
  keys: Record<string, unknown>[];
}

/** The module's functions on tags; they throw `{code, message}`. */
interface TagFunctions {
  verifyTag(bytes: Uint8Array, jwks: string): Tag;
  claimsOfTag(bytes: Uint8Array): Tag & { keyId: string };
  verifyRelease(bytes: Uint8Array, jwks: string): Release;
  checkRelease(release: Uint8Array, tag: Uint8Array, accountId: string, nowMs: number, jwks: string): void;
}

/** The bytes of a file from `start` to `end` become `bytes`. */
interface Patch {
  start: number;
  end: number;
  bytes: Uint8Array;
}

/** What `onmon/tag` exports. */
export interface Tags {
  /**
   * The tag in a file; `null` where there is none. Only the headers are read.
   *
   * Rejects with `tag_no_place` (a kind of file that carries no tag), `tag_unsupported`, `damaged`,
   * `read_failed`, `tag_malformed`, `tag_wrong_kind`, `tag_too_new`, and those of every work on a file.
   */
  readTag(input: AnyInput, options?: WorkOptions): Promise<FoundTag | null>;
  /**
   * The file with a signed tag, in place of one that is there. In a browser it is composed of slices of
   * the given one: the audio is not read, and every other byte stays.
   *
   * Rejects as `readTag`, and with `tag_too_large`.
   */
  writeTag(input: AudioInput, tag: Uint8Array, options?: WorkOptions): Promise<Blob>;
  /** The file without a tag, as it was before. */
  stripTag(input: AudioInput, options?: WorkOptions): Promise<Blob>;
  /**
   * The tag, if one of the keys has signed it.
   *
   * Rejects with `tag_malformed`, `tag_wrong_kind`, `tag_unknown_key`, `tag_bad_signature`,
   * `tag_too_new`, or one of the codes on keys such as `keys_malformed`.
   */
  verifyTag(tag: FoundTag | Uint8Array, keys: KeySet): Promise<Tag>;
  /** The release, if one of the keys has signed it. Rejects as `verifyTag`. */
  verifyRelease(release: Uint8Array, keys: KeySet): Promise<Release>;
  /**
   * Resolves if a release unlocks a tagged file for an account now; both are verified.
   *
   * Rejects as `verifyTag`, and with `release_other_file`, `release_other_account`, `release_expired`.
   */
  checkRelease(
    release: Uint8Array,
    tag: FoundTag | Uint8Array,
    accountId: string,
    keys: KeySet,
    nowMs?: number,
  ): Promise<void>;
  /** Loads the WebAssembly module ahead of the first call, or from elsewhere. Need not be called. */
  prepareTags(options?: Omit<PrepareOptions, 'warmUp'>): Promise<void>;
}

/** Makes the functions. Touches nothing of the platform before one of them is called. */
export function createTags(platform: Platform): Tags {
  const engine = new Engine<TagFunctions>(platform, glue);
  const workshop = new Workshop(engine);
  const patched = async (input: AudioInput, tag: Uint8Array | undefined, options?: WorkOptions) => {
    const { result } = await workshop.run({ kind: 'planTag', tag }, input, options);
    return compose(input, result as Patch[]);
  };
  return {
    readTag: async (input, options) => {
      const { result } = await workshop.run({ kind: 'findTag' }, input, options);
      const bytes = result as Uint8Array | undefined;
      if (!bytes) return null;
      const functions = await engine.functions();
      const { keyId, ...claims } = typed(() => functions.claimsOfTag(bytes));
      return { bytes, claims, keyId };
    },
    writeTag: patched,
    stripTag: (input, options) => patched(input, undefined, options),
    verifyTag: async (tag, keys) => {
      const functions = await engine.functions();
      return typed(() => functions.verifyTag(bytesOf(tag), JSON.stringify(keys)));
    },
    verifyRelease: async (release, keys) => {
      const functions = await engine.functions();
      return typed(() => functions.verifyRelease(release, JSON.stringify(keys)));
    },
    checkRelease: async (release, tag, accountId, keys, nowMs = Date.now()) => {
      const functions = await engine.functions();
      const jwks = JSON.stringify(keys);
      typed(() => functions.checkRelease(release, bytesOf(tag), accountId, nowMs, jwks));
    },
    prepareTags: async ({ wasm, worker } = {}) => {
      if (worker) workshop.makeWorker = worker;
      await engine.module(wasm);
    },
  };
}

function bytesOf(tag: FoundTag | Uint8Array): Uint8Array {
  return tag instanceof Uint8Array ? tag : tag.bytes;
}

/** A file with its patches: slices of the old one and the new bytes between them. */
function compose(input: AudioInput, patches: Patch[]): Blob {
  const audio = audioOf(input);
  const file = audio instanceof Uint8Array ? new Blob([audio as BlobPart]) : audio;
  const parts: BlobPart[] = [];
  let at = 0;
  for (const { start, end, bytes } of patches) {
    parts.push(file.slice(at, start), bytes as BlobPart);
    at = end;
  }
  parts.push(file.slice(at));
  return new Blob(parts, { type: file.type });
}
