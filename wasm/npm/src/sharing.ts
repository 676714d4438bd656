// Sharing a file and opening a shared one: permit, offer, purchase, against a server.

import type { Onmon } from './onmon.js';
import { Downloads, type Offer, type Purchase, type PurchaseOptions } from './sharing-download.js';
import { SharingServer, type AccessToken, type ServerOptions } from './sharing-server.js';
import { Uploads, type Shared, type ShareOptions } from './sharing-upload.js';
import type { KeySet, Tags } from './tag.js';
import type { AudioInput } from './work.js';

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

/** Makes the functions, of those that they are made from. */
export function createSharing(
  onmon: Onmon,
  tags: Tags,
  defaultServer: () => string | undefined,
): Sharing {
  const server = new SharingServer(defaultServer);
  const uploads = new Uploads({ onmon, tags, server });
  const downloads = new Downloads({ onmon, tags, server });
  return {
    share: (input, options) => uploads.share(input, options),
    offer: async (input, options = {}) =>
      downloads.offer(await downloads.found(input, options), options),
    purchase: async (input, options) =>
      downloads.purchase(input, await downloads.found(input, options), options),
    signIn: (apiKey, options) => server.signIn(apiKey, options),
    serverKeys: (options) => server.keys(options),
  };
}
