// A file on its way here: what it costs is known from its first bytes and six samples, before all of it is
// there; it is bought when it is there and is what it says.

import { OnmonError } from './errors.js';
import { claimsSound } from './guard-files.js';
import type { Decision } from './identify.js';
import type { RangeSource } from './ranges.js';
import { open } from './sealed.js';
import { tokenOf, type TokenSource } from './server.js';
import { Downloads, type Offer, type Purchase } from './sharing-download.js';
import { kidOf, tagOf } from './sharing-found.js';
import type { SharingParts } from './sharing-server.js';

/** Options of an `Incoming`. */
export interface IncomingOptions {
  /** The server's address; the page's own origin where left out. */
  server?: string | URL | undefined;
  /** The account that buys: its token of minutes, or what gives a fresh one at each request. */
  token?: TokenSource | undefined;
}

/** What is known of a file before it is here. */
export interface Look {
  /** What it costs, where it says how it was shared: by its tag, whose signature holds, or by its key. */
  offer: Offer | null;
  /** What its sound is found to be, where it says nothing; `null` of files without sound. */
  decision: Decision | null;
}

/** What was bought, and the file as it plays. */
export interface Bought {
  purchase: Purchase;
  content: Blob;
}

/** Bytes in which sealed content says its key. */
const HEAD_BYTES = 276;

/** Looks at files that are elsewhere, and buys them once they are here. */
export class Incoming {
  readonly #options: IncomingOptions;
  readonly #with: SharingParts;
  readonly #downloads: Downloads;

  constructor(options: IncomingOptions, parts: SharingParts) {
    this.#options = options;
    this.#with = parts;
    this.#downloads = new Downloads(parts);
  }

  /**
   * What a file says or sounds like; of it only what that takes is read.
   *
   * Rejects with those of `readTag`, `verifyTag`, `fingerprint` and of every request.
   */
  async look(source: RangeSource, signal?: AbortSignal): Promise<Look> {
    const asked = { server: this.#options.server, signal };
    const end = Math.min(source.size, HEAD_BYTES);
    const head = new Blob([(await source.read(0, end, signal)) as BlobPart]);
    const kid = await kidOf(head);
    if (kid !== null) {
      return { offer: await this.#downloads.offer({ method: 'drm', kid }, asked), decision: null };
    }
    if (!claimsSound({ name: source.name, type: '' })) return { offer: null, decision: null };
    const { onmon, server, tags } = this.#with;
    const found = await tagOf(source, tags, () => server.keys(asked), signal);
    if (found !== null) return { offer: await this.#downloads.offer(found, asked), decision: null };
    const made = await onmon.fingerprint(source, { signal });
    const { decision } = await onmon.identify(made, { server: server.address(asked), signal });
    return { offer: null, decision };
  }

  /**
   * Buys a file that is here, after checking that its tag is its own; bought again it costs nothing.
   *
   * Rejects as `purchase` and `open` do, and with `no_account`.
   */
  async buy(file: Blob, signal?: AbortSignal): Promise<Bought> {
    const { server, token } = this.#options;
    const found = await this.#downloads.found(file, { server, signal });
    if (token === undefined) throw new OnmonError('no_account');
    const asked = { server, signal, token: await tokenOf(token) };
    const purchase = await this.#downloads.purchase(file, found, asked);
    const content = purchase.key ? await open(file, purchase.key, { signal }) : file;
    return { purchase, content };
  }
}
