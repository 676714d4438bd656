// Sharing a file: the permit is asked for by its fingerprint, and goes into the file.

import { OnmonError } from './errors.js';
import { seal } from './sealed.js';
import { request } from './server.js';
import { FINGERPRINT_TYPE, type AccountOptions, type SharingParts } from './sharing-server.js';
import { bytesOf, hex } from './sharing-text.js';
import type { AudioInput, Progress } from './work.js';

/** How a file is shared: with a signed tag in it, or sealed. */
export type Method = 'tag' | 'drm';

/** Options of `share`. */
export interface ShareOptions extends AccountOptions {
  method: Method;
  /**
   * The same for every try of one upload, so that it is counted once, or what makes it from the digest of
   * the audio in hexadecimal; a fresh one where left out. 8 to 128 printable ASCII characters.
   */
  uploadId?: string | ((essence: string) => string) | undefined;
  /** Told what is being worked on, in order. */
  onProgress?: ((step: 'essence' | 'fingerprint' | 'write', progress: number) => void) | undefined;
}

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

const CHALLENGE_NEEDED = 'challenge_needed';

/** Asks for permits and writes them into files. */
export class Uploads {
  readonly #with: SharingParts;

  constructor(parts: SharingParts) {
    this.#with = parts;
  }

  async share(input: AudioInput, options: ShareOptions): Promise<Shared> {
    const { signal, onProgress } = options;
    const watched = { signal, onProgress: told(onProgress, 'essence') };
    const { digest } = await this.#with.onmon.essence(input, watched);
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

  /** Sends the fingerprint; a second one, with its samples where the server says, if it asks for it. */
  async #ask(input: AudioInput, essence: string, options: ShareOptions): Promise<WireShare> {
    const { method, token, signal, onProgress } = options;
    const server = this.#with.server.address(options);
    const { uploadId = () => crypto.randomUUID() } = options;
    const idempotencyKey = typeof uploadId === 'string' ? uploadId : uploadId(essence);
    const watched = { signal, onProgress: told(onProgress, 'fingerprint') };
    const send = async (body: Uint8Array, more: Record<string, string>) => {
      const query = new URLSearchParams({ method, essence, ...more });
      const sent = { body, type: FINGERPRINT_TYPE, token, idempotencyKey, signal };
      return (await request(server, `v1/shares?${query}`, sent)).content as WireShare;
    };
    const usual = await this.#with.onmon.fingerprint(input, watched);
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
    const drawn = await this.#with.onmon.fingerprint(input, { ...watched, seed: BigInt(seed) });
    return send(drawn.bytes, { challenge, codes: String(usual.codes) });
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
    const claims = await this.#with.tags.verifyTag(tag, await this.#with.server.keys(options));
    if (hex(claims.essence) !== hex(essence)) throw new OnmonError('tag_other_file');
    return this.#with.tags.writeTag(input, tag, { signal });
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

function told(
  onProgress: ShareOptions['onProgress'],
  step: 'essence' | 'fingerprint',
): ((progress: Progress) => void) | undefined {
  return onProgress && (({ fraction }) => onProgress(step, fraction));
}
