// Getting a shared file: what it costs, and what opens it once it is bought.

import { OnmonError } from './errors.js';
import { open } from './sealed.js';
import { request } from './server.js';
import { find, type Found } from './sharing-found.js';
import {
  FINGERPRINT_TYPE,
  type AccountOptions,
  type ServerOptions,
  type SharingParts,
} from './sharing-server.js';
import { bytesOf, hex } from './sharing-text.js';
import type { Method } from './sharing-upload.js';
import type { Release, Tags } from './tag.js';
import type { AudioInput } from './work.js';

/** Options of `purchase`. */
export interface PurchaseOptions extends AccountOptions {
  /**
   * Whether the fingerprint of the audio that was received is sent too, so that an upload under another
   * recording's name is found; it is where left out. One request of less than 2 KB.
   */
  recheck?: boolean | undefined;
}

/**
 * What a recheck found: the recording that the permit was given for, another one, or none that is
 * registered. A permit that several buyers find wrong is revoked.
 */
export type Recheck = 'same' | 'other' | 'unknown';

/** Money, without tax. */
export interface Price {
  /** With two digits behind the point. */
  yen: string;
  /** The same in 1/100 yen. */
  sen: number;
  /** Tax that the invoice adds, in parts per million. */
  taxPpm: number;
}

/** What a shared file is, and what it costs. */
export interface Offer {
  permitId: string;
  method: Method;
  recordings: { recordingId: string; title: string | null; artist: string | null }[];
  price: Price;
}

/** What was bought, and what opens it. */
export interface Purchase {
  purchaseId: string;
  permitId: string;
  /** Whether it was bought before: then it cost nothing now. */
  repeated: boolean;
  price: Price;
  /** Of a tagged file: unlocks it until `claims.expiresMs`; checked against the file. */
  release: { bytes: Uint8Array; claims: Release } | null;
  /** Of a sealed file: for `open` and `openRange` of `onmon/sealed`. */
  key: Uint8Array | null;
  /**
   * Resolves when the server has answered the recheck; a player need not wait for it. `null` where none
   * was made: left out, or the audio could not be fingerprinted, or the server not reached. Never rejects.
   */
  recheck: Promise<Recheck | null>;
}

/** Offers and purchases of files that say how they were shared. */
export class Downloads {
  readonly #with: SharingParts;

  constructor(parts: SharingParts) {
    this.#with = parts;
  }

  /** What a file says of how it was shared, checked. Rejects with `not_shared` where it says nothing. */
  async found(input: AudioInput, options: ServerOptions): Promise<Found> {
    const keys = () => this.#with.server.keys(options);
    const found = await find(input, this.#with.onmon, this.#with.tags, keys, options.signal);
    if (found === null) throw new OnmonError('not_shared');
    return found;
  }

  async offer(it: Found, options: ServerOptions): Promise<Offer> {
    const path =
      it.method === 'tag'
        ? `v1/offers/${encodeURIComponent(it.tag.permitId)}`
        : `v1/keys/${it.kid}/offer`;
    const sent = { signal: options.signal };
    const { content } = await request(this.#with.server.address(options), path, sent);
    return offerOf(content as WireOffer);
  }

  async purchase(input: AudioInput, it: Found, options: PurchaseOptions): Promise<Purchase> {
    const { token, signal } = options;
    const wanted =
      it.method === 'tag'
        ? { permit_id: it.tag.permitId, essence: hex(it.tag.essence) }
        : { kid: it.kid };
    const sent = { body: JSON.stringify(wanted), type: 'application/json', token, signal };
    const { content } = await request(this.#with.server.address(options), 'v1/purchases', sent);
    const bought = await purchaseOf(content as WirePurchase, it, this.#with.tags);
    const recheck =
      options.recheck === false ? Promise.resolve(null) : this.#recheck(input, bought, options);
    return { ...bought, recheck };
  }

  /** Sends the fingerprint of what was bought. That it fails takes nothing from the purchase. */
  async #recheck(input: AudioInput, bought: Bought, options: AccountOptions): Promise<Recheck | null> {
    const { token, signal } = options;
    // A copy: the caller may wipe theirs at any time.
    const key = bought.key?.slice();
    try {
      const audio = key ? await open(input, key, { signal }) : input;
      const { bytes } = await this.#with.onmon.fingerprint(audio, { signal });
      const sent = { body: bytes, type: FINGERPRINT_TYPE, token, signal };
      const path = `v1/shares/${encodeURIComponent(bought.permitId)}/recheck`;
      return recheckOf((await request(this.#with.server.address(options), path, sent)).content as WireRecheck);
    } catch {
      return null;
    } finally {
      key?.fill(0);
    }
  }
}

/** Answers as the server spells them. */
interface WirePrice {
  sen: number;
  yen: string;
  tax_ppm: number;
}

interface WireOffer {
  permit_id: string;
  method: Method;
  recordings: { recording_id: string; title: string | null; artist: string | null }[];
  price: WirePrice;
}

interface WirePurchase {
  purchase_id: string;
  permit_id: string;
  repeated: boolean;
  price: WirePrice;
  release: string | null;
  key: string | null;
}

interface WireRecheck {
  same: boolean;
  found: string | null;
}

/** A purchase that was not rechecked yet. */
type Bought = Omit<Purchase, 'recheck'>;

function offerOf(offer: WireOffer): Offer {
  return {
    permitId: offer.permit_id,
    method: offer.method,
    recordings: offer.recordings.map(({ recording_id, title, artist }) => ({
      recordingId: recording_id,
      title,
      artist,
    })),
    price: priceOf(offer.price),
  };
}

async function purchaseOf(bought: WirePurchase, it: Found, tags: Tags): Promise<Bought> {
  const purchase: Bought = {
    purchaseId: bought.purchase_id,
    permitId: bought.permit_id,
    repeated: bought.repeated,
    price: priceOf(bought.price),
    release: null,
    key: null,
  };
  if (it.method === 'drm') return { ...purchase, key: bytesOf(bought.key) };
  const bytes = bytesOf(bought.release);
  const claims = await tags.verifyRelease(bytes, it.keys);
  // Whose account it is the server knows; that it is this file's is checked here.
  await tags.checkRelease(bytes, it.bytes, claims.accountId, it.keys);
  return { ...purchase, release: { bytes, claims } };
}

function recheckOf({ same, found }: WireRecheck): Recheck {
  if (typeof same !== 'boolean') throw new OnmonError('bad_answer');
  if (same) return 'same';
  return found ? 'other' : 'unknown';
}

function priceOf({ sen, yen, tax_ppm }: WirePrice): Price {
  return { sen, yen, taxPpm: tax_ppm };
}
