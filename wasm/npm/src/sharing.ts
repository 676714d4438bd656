// Sharing a file and opening a shared one: permit, offer, purchase, against a server.

import { OnmonError } from './errors.js';
import type { Onmon } from './onmon.js';
import { open, seal, sealedHeader } from './sealed.js';
import { request } from './server.js';
import type { KeySet, Release, Tag, Tags } from './tag.js';
import { audioOf, type AudioInput, type Progress } from './work.js';

/** How a file is shared: with a signed tag in it, or sealed. */
export type Method = 'tag' | 'drm';

/** Whom to ask. */
export interface ServerOptions {
  /** The server's address; the page's own origin where left out (Node has none). */
  server?: string | URL | undefined;
  signal?: AbortSignal | undefined;
}

/** Whom to ask, and for which account. */
export interface AccountOptions extends ServerOptions {
  /** The account's token, of `signIn` or from elsewhere. */
  token: string;
}

/** A token, good for minutes. */
export interface AccessToken {
  token: string;
  /** Seconds until it ends. */
  expiresInS: number;
}

/** Options of `share`. */
export interface ShareOptions extends AccountOptions {
  method: Method;
  /** The same for every try of one upload, so that it is counted once; a fresh one where left out. */
  uploadId?: string | undefined;
  /** Told what is being worked on, in order. */
  onProgress?: ((step: 'essence' | 'fingerprint' | 'write', progress: number) => void) | undefined;
}

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

/** What came of it. */
export interface Shared {
  /** `null` where this upload was answered before. */
  decision: 'permit' | 'refuse' | 'unregistered' | 'unknown_share' | null;
  /** Why, in words. */
  rule: string | null;
  permitId: string | null;
  /** The file that may be shared; `null` without a permit. */
  file: Blob | null;
}

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

/** What `onmon/sharing` exports. */
export interface Sharing {
  /**
   * Asks for the permit to share a file and makes the file that may be shared. Of the audio only the
   * fingerprint and a digest are sent.
   *
   * Rejects with the codes of `fingerprint`, `writeTag`, `seal` and of every request: `no_server`,
   * `network`, `server_refused` (its `problem` says why), `server_failed`, `bad_answer`.
   */
  share(input: AudioInput, options: ShareOptions): Promise<Shared>;
  /**
   * What a shared file costs. Its tag is checked first, and whether it is this file's.
   *
   * Rejects with `not_shared`, `tag_other_file`, those of `verifyTag` and of every request.
   */
  offer(input: AudioInput, options?: ServerOptions): Promise<Offer>;
  /**
   * Buys a shared file; bought again it costs nothing. Then the audio that was received is fingerprinted
   * and rechecked, unless `recheck` is false. Rejects as `offer` does, and with `server_refused` and the
   * problem `limit_reached`.
   */
  purchase(input: AudioInput, options: PurchaseOptions): Promise<Purchase>;
  /** Exchanges an account's API key for a token. Rejects with `server_refused` for a wrong one. */
  signIn(apiKey: string, options?: ServerOptions): Promise<AccessToken>;
  /** The public keys of a server, to keep for when it cannot be reached. */
  serverKeys(options?: ServerOptions): Promise<KeySet>;
}

const FINGERPRINT_TYPE = 'application/vnd.onmon.fingerprint';
const CHALLENGE_NEEDED = 'challenge_needed';

/** What a shared file says of itself, checked. */
type Found = { method: 'tag'; tag: Tag; bytes: Uint8Array; keys: KeySet } | { method: 'drm'; kid: string };

/** Makes the functions, of those that they are made from. */
export function createSharing(
  onmon: Onmon,
  tags: Tags,
  defaultServer: () => string | undefined,
): Sharing {
  const client = new Client(onmon, tags, defaultServer);
  return {
    share: (input, options) => client.share(input, options),
    offer: (input, options) => client.offer(input, options),
    purchase: (input, options) => client.purchase(input, options),
    signIn: (apiKey, options) => client.signIn(apiKey, options),
    serverKeys: (options) => client.serverKeys(options),
  };
}

class Client {
  readonly #onmon: Onmon;
  readonly #tags: Tags;
  readonly #defaultServer: () => string | undefined;

  constructor(onmon: Onmon, tags: Tags, defaultServer: () => string | undefined) {
    this.#onmon = onmon;
    this.#tags = tags;
    this.#defaultServer = defaultServer;
  }

  async share(input: AudioInput, options: ShareOptions): Promise<Shared> {
    const { signal, onProgress } = options;
    const watched = { signal, onProgress: told(onProgress, 'essence') };
    const { digest } = await this.#onmon.essence(input, watched);
    const { ruling, permit } = await this.#ask(input, hex(digest), options);
    const shared: Shared = {
      decision: ruling?.decision ?? null,
      rule: ruling?.rule ?? null,
      permitId: permit?.permit_id ?? null,
      file: null,
    };
    if (!permit) return shared;
    onProgress?.('write', 0);
    const file = await this.#written(input, digest, permit, options);
    onProgress?.('write', 1);
    return { ...shared, file };
  }

  async offer(input: AudioInput, options: ServerOptions = {}): Promise<Offer> {
    const it = await this.#found(input, options);
    const path =
      it.method === 'tag'
        ? `v1/offers/${encodeURIComponent(it.tag.permitId)}`
        : `v1/keys/${it.kid}/offer`;
    const { content } = await request(this.#server(options), path, { signal: options.signal });
    return offerOf(content as WireOffer);
  }

  async purchase(input: AudioInput, options: PurchaseOptions): Promise<Purchase> {
    const it = await this.#found(input, options);
    const { token, signal } = options;
    const wanted =
      it.method === 'tag'
        ? { permit_id: it.tag.permitId, essence: hex(it.tag.essence) }
        : { kid: it.kid };
    const sent = { body: JSON.stringify(wanted), type: 'application/json', token, signal };
    const { content } = await request(this.#server(options), 'v1/purchases', sent);
    const bought = await purchaseOf(content as WirePurchase, it, this.#tags);
    const recheck = options.recheck === false ? Promise.resolve(null) : this.#recheck(input, bought, options);
    return { ...bought, recheck };
  }

  async signIn(apiKey: string, options: ServerOptions = {}): Promise<AccessToken> {
    const sent = { body: '', token: apiKey, signal: options.signal };
    const { content, status } = await request(this.#server(options), 'v1/tokens', sent);
    const { access_token, expires_in } = (content ?? {}) as Record<string, unknown>;
    if (typeof access_token !== 'string') throw new OnmonError('bad_answer', { status });
    return { token: access_token, expiresInS: Number(expires_in) };
  }

  async serverKeys(options: ServerOptions = {}): Promise<KeySet> {
    const { signal } = options;
    const { content, status } = await request(this.#server(options), 'v1/keys', { signal });
    const { keys } = (content ?? {}) as Partial<KeySet>;
    if (!Array.isArray(keys)) throw new OnmonError('bad_answer', { status });
    return { keys };
  }

  #server({ server }: ServerOptions): string | URL {
    const address = server ?? this.#defaultServer();
    if (address === undefined) throw new OnmonError('no_server');
    return address;
  }

  async #found(input: AudioInput, options: ServerOptions): Promise<Found> {
    const kid = await kidOf(input);
    if (kid !== null) return { method: 'drm', kid };
    const tag = await this.#tags.readTag(input, { signal: options.signal });
    if (tag === null) throw new OnmonError('not_shared');
    const keys = await this.serverKeys(options);
    const claims = await this.#tags.verifyTag(tag, keys);
    const { digest } = await this.#onmon.essence(input, { signal: options.signal });
    if (hex(digest) !== hex(claims.essence)) throw new OnmonError('tag_other_file');
    return { method: 'tag', tag: claims, bytes: tag.bytes, keys };
  }

  /** Sends the fingerprint; a second one, with its samples where the server says, if it asks for it. */
  async #ask(input: AudioInput, essence: string, options: ShareOptions): Promise<WireShare> {
    const { method, token, signal, onProgress } = options;
    const server = this.#server(options);
    const idempotencyKey = options.uploadId ?? crypto.randomUUID();
    const watched = { signal, onProgress: told(onProgress, 'fingerprint') };
    const send = async (body: Uint8Array, more: Record<string, string>) => {
      const query = new URLSearchParams({ method, essence, ...more });
      const sent = { body, type: FINGERPRINT_TYPE, token, idempotencyKey, signal };
      return (await request(server, `v1/shares?${query}`, sent)).content as WireShare;
    };
    const usual = await this.#onmon.fingerprint(input, watched);
    try {
      return await send(usual.bytes, {});
    } catch (error) {
      if (!(error instanceof OnmonError) || error.problem !== CHALLENGE_NEEDED) throw error;
    }
    const body = JSON.stringify({ essence, codes: usual.codes });
    const sent = { body, type: 'application/json', token, signal };
    const { content } = await request(server, 'v1/challenges', sent);
    const { challenge, seed } = content as { challenge?: unknown; seed?: unknown };
    if (typeof challenge !== 'string' || typeof seed !== 'string' || !/^\d+$/.test(seed)) {
      throw new OnmonError('bad_answer');
    }
    const drawn = await this.#onmon.fingerprint(input, { ...watched, seed: BigInt(seed) });
    return send(drawn.bytes, { challenge, codes: String(usual.codes) });
  }

  /** Sends the fingerprint of what was bought. That it fails takes nothing from the purchase. */
  async #recheck(input: AudioInput, bought: Bought, options: AccountOptions): Promise<Recheck | null> {
    const { token, signal } = options;
    // A copy: the caller may wipe theirs at any time.
    const key = bought.key?.slice();
    try {
      const audio = key ? await open(input, key, { signal }) : input;
      const { bytes } = await this.#onmon.fingerprint(audio, { signal });
      const sent = { body: bytes, type: FINGERPRINT_TYPE, token, signal };
      const path = `v1/shares/${encodeURIComponent(bought.permitId)}/recheck`;
      return recheckOf((await request(this.#server(options), path, sent)).content as WireRecheck);
    } catch {
      return null;
    } finally {
      key?.fill(0);
    }
  }

  /** The file that may be shared. What the server sent is checked before it is believed. */
  async #written(
    input: AudioInput,
    essence: Uint8Array,
    permit: WirePermit,
    options: ShareOptions,
  ): Promise<Blob> {
    const { method, signal, onProgress } = options;
    if (method === 'drm') {
      const key = bytesOf(permit.key);
      const sealing = { signal, onProgress: (share: number) => onProgress?.('write', share) };
      const file = await seal(input, key, String(permit.kid), sealing);
      key.fill(0);
      return file;
    }
    const tag = bytesOf(permit.tag);
    const claims = await this.#tags.verifyTag(tag, await this.serverKeys(options));
    if (hex(claims.essence) !== hex(essence)) throw new OnmonError('tag_other_file');
    return this.#tags.writeTag(input, tag, { signal });
  }
}

/** Answers as the server spells them. */
interface WireShare {
  ruling: { decision: NonNullable<Shared['decision']>; rule: string } | null;
  permit: WirePermit | null;
}

interface WirePermit {
  permit_id: string;
  tag: string | null;
  kid: string | null;
  key: string | null;
}

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

/** The kid of sealed content of ours; `null` for any other file. */
async function kidOf(input: AudioInput): Promise<string | null> {
  audioOf(input);
  try {
    const { kid, recordBytes } = await sealedHeader(input);
    return kid.length === 32 && recordBytes >= 1 << 10 ? kid : null;
  } catch (error) {
    if (error instanceof OnmonError && error.code !== 'read_failed') return null;
    throw error;
  }
}

function told(
  onProgress: ShareOptions['onProgress'],
  step: 'essence' | 'fingerprint',
): ((progress: Progress) => void) | undefined {
  return onProgress && (({ fraction }) => onProgress(step, fraction));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bytesOf(base64url: string | null): Uint8Array {
  try {
    const text = atob(String(base64url).replaceAll('-', '+').replaceAll('_', '/'));
    if (base64url) return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  } catch (cause) {
    throw new OnmonError('bad_answer', { cause });
  }
  throw new OnmonError('bad_answer');
}
