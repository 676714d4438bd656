// What was bought, kept on the user's machine: a tagged file then plays again without a question, and without
// a network until its release ends.

import type { KeySet, Tags } from './tag.js';
import type { Found } from './sharing-found.js';

/** Where a player keeps releases and public keys: `localStorage`, or anything with its two methods. */
export type PlayerStorage = Pick<Storage, 'getItem' | 'setItem'>;

const PREFIX = 'onmon:';

/** Releases and key sets in a storage. One that is full or forbidden keeps nothing, and nothing fails. */
export class KeptReleases {
  readonly #storage: PlayerStorage | undefined;
  readonly #tags: Tags;

  constructor(storage: PlayerStorage | undefined, tags: Tags) {
    this.#storage = storage;
    this.#tags = tags;
  }

  keep(permitId: string, release: Uint8Array): void {
    this.#write(`release:${permitId}`, Array.from(release));
  }

  /** Whether a release is kept that unlocks this file now. What is kept is checked as if it came anew. */
  async unlocks(it: Extract<Found, { method: 'tag' }>): Promise<boolean> {
    const kept = this.#read(`release:${it.tag.permitId}`);
    if (!Array.isArray(kept)) return false;
    const release = Uint8Array.from(kept as number[]);
    try {
      const { accountId } = await this.#tags.verifyRelease(release, it.keys);
      await this.#tags.checkRelease(release, it.bytes, accountId, it.keys);
      return true;
    } catch {
      return false;
    }
  }

  keepKeys(server: string, keys: KeySet): void {
    this.#write(`keys:${server}`, keys);
  }

  keysOf(server: string): KeySet | null {
    const kept = this.#read(`keys:${server}`) as Partial<KeySet> | null;
    return Array.isArray(kept?.keys) ? { keys: kept.keys } : null;
  }

  #write(name: string, value: unknown): void {
    try {
      this.#storage?.setItem(PREFIX + name, JSON.stringify(value));
    } catch {
      // A quota, or a browser that keeps nothing for this page: it is asked for again then.
    }
  }

  #read(name: string): unknown {
    try {
      return JSON.parse(this.#storage?.getItem(PREFIX + name) ?? 'null');
    } catch {
      return null;
    }
  }
}
