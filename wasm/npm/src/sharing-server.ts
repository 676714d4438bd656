// Whom sharing asks: which server, for which account, under which keys it signs.

import { OnmonError } from './errors.js';
import type { Onmon } from './onmon.js';
import { request } from './server.js';
import type { KeySet, Tags } from './tag.js';

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

/** What uploads and downloads are made from. */
export interface SharingParts {
  onmon: Onmon;
  tags: Tags;
  server: SharingServer;
}

/** The media type of a fingerprint's bytes. */
export const FINGERPRINT_TYPE = 'application/vnd.onmon.fingerprint';

/** The server that the options name, or the platform's own. */
export class SharingServer {
  readonly #default: () => string | undefined;

  constructor(defaultServer: () => string | undefined) {
    this.#default = defaultServer;
  }

  address({ server }: ServerOptions): string | URL {
    const address = server ?? this.#default();
    if (address === undefined) throw new OnmonError('no_server');
    return address;
  }

  async signIn(apiKey: string, options: ServerOptions = {}): Promise<AccessToken> {
    const sent = { method: 'POST', token: apiKey, signal: options.signal } as const;
    const { content, status } = await request(this.address(options), 'v1/tokens', sent);
    const { access_token, expires_in } = (content ?? {}) as Record<string, unknown>;
    if (typeof access_token !== 'string') throw new OnmonError('bad_answer', { status });
    return { token: access_token, expiresInS: Number(expires_in) };
  }

  async keys(options: ServerOptions = {}): Promise<KeySet> {
    const { signal } = options;
    const { content, status } = await request(this.address(options), 'v1/keys', { signal });
    const { keys } = (content ?? {}) as Partial<KeySet>;
    if (!Array.isArray(keys)) throw new OnmonError('bad_answer', { status });
    return { keys };
  }
}
