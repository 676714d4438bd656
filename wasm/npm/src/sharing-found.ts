// What a file says of how it was shared: with a tag of ours that is checked against it, or sealed.

import { OnmonError } from './errors.js';
import type { Onmon } from './onmon.js';
import { sealedHeader } from './sealed.js';
import { hex } from './sharing-text.js';
import type { KeySet, Tag, Tags } from './tag.js';
import { audioOf, type AnyInput, type AudioInput } from './work.js';

/** A shared file's own word for it, checked. */
export type Found = TagFound | { method: 'drm'; kid: string };

/** A tag, and the keys that it was checked with. */
export interface TagFound {
  method: 'tag';
  tag: Tag;
  bytes: Uint8Array;
  keys: KeySet;
}

/** Where the keys come from that a tag is checked with: asked only if there is a tag. */
export type KeySource = () => Promise<KeySet>;

/**
 * What a file says; `null` where it says nothing.
 *
 * Rejects with `tag_other_file`, those of `verifyTag` and `essence`, and those of `readTag` but
 * `tag_no_place` and `tag_unsupported`.
 */
export async function find(
  input: AudioInput,
  onmon: Pick<Onmon, 'essence'>,
  tags: Tags,
  keysOf: KeySource,
  signal?: AbortSignal,
): Promise<Found | null> {
  const kid = await kidOf(input);
  if (kid !== null) return { method: 'drm', kid };
  const found = await tagOf(input, tags, keysOf, signal);
  if (found === null) return null;
  const { digest } = await onmon.essence(input, { signal });
  if (hex(digest) !== hex(found.tag.essence)) throw new OnmonError('tag_other_file');
  return found;
}

/**
 * A tag that one of the keys has signed, which need not be this file's own; `null` where there is none.
 *
 * Rejects as `find`, but not with `tag_other_file`.
 */
export async function tagOf(
  input: AnyInput,
  tags: Tags,
  keysOf: KeySource,
  signal?: AbortSignal,
): Promise<TagFound | null> {
  const tag = await tags.readTag(input, { signal }).catch(noneWhereNoneGoes);
  if (tag === null) return null;
  const keys = await keysOf();
  return { method: 'tag', tag: await tags.verifyTag(tag, keys), bytes: tag.bytes, keys };
}

/** A file of a kind that carries no tag says nothing, as one whose tag is gone. */
function noneWhereNoneGoes(error: unknown): null {
  const { code } = error as Partial<OnmonError>;
  if (code === 'tag_no_place' || code === 'tag_unsupported') return null;
  throw error;
}

/** The kid of sealed content of ours; `null` for any other file. */
export async function kidOf(input: AudioInput): Promise<string | null> {
  audioOf(input);
  try {
    const { kid, recordBytes } = await sealedHeader(input);
    return kid.length === 32 && recordBytes >= 1 << 10 ? kid : null;
  } catch (error) {
    if (error instanceof OnmonError && error.code !== 'read_failed') return null;
    throw error;
  }
}
