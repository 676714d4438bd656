// Encrypted MP4 and WebM in a browser's own player: Encrypted Media Extensions with W3C Clear Key, and this
// project's server for the licences. Importing it touches nothing, so servers may render pages with it.
//
//   'encrypted' of the element -> session -> its 'message' -> requestLicence -> session.update -> it plays

import { OnmonError } from './errors.js';
import { request, tokenOf, type TokenSource } from './server.js';

/** Whom to ask for licences, and for which account. */
export interface LicenceOptions {
  /** The server's address; the page's own origin where left out. */
  server?: string | URL | undefined;
  /** The account's token of minutes, or what gives a fresh one at each request. */
  token: TokenSource;
  signal?: AbortSignal | undefined;
}

/** Options of `connectKeys`. */
export interface KeyOptions extends LicenceOptions {
  /** What will be played, with its codec; MP4 with AAC, FLAC or Opus where left out. */
  contentTypes?: string[] | undefined;
  /**
   * Told what came of each request for a licence that `retry` was not called for: nothing, or the error. An
   * account that has not bought what it asks for gets `server_refused` with the problem `key_not_found`.
   */
  onLicence?: ((error: OnmonError | null) => void) | undefined;
}

/** A media element that gets its keys from a server. */
export interface KeyConnection {
  /** Asks again for what was refused, as after a purchase. Rejects as `requestLicence` does. */
  retry(): Promise<void>;
  /** Forgets the keys and lets go of the element, whose source has to be taken away first. */
  close(): Promise<void>;
}

const KEY_SYSTEM = 'org.w3.clearkey';
const CONTENT_TYPES = ['mp4a.40.2', 'flac', 'opus'].map((codec) => `audio/mp4; codecs="${codec}"`);

/**
 * Sends what a Clear Key session's `message` event brought, and resolves to what `session.update` takes.
 *
 * Rejects with `aborted`, `no_server`, `network`, `server_refused` (its problem is `key_not_found` where the
 * account has not bought it), `server_failed`, `bad_answer`.
 */
export async function requestLicence(
  message: ArrayBuffer | Uint8Array,
  options: LicenceOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { signal } = options;
  const server = options.server ?? globalThis.location?.origin;
  if (server === undefined) throw new OnmonError('no_server');
  const token = await tokenOf(options.token);
  const body = message instanceof Uint8Array ? message : new Uint8Array(message);
  const sent = { body, type: 'application/json', token, signal };
  const { content, status } = await request(server, 'v1/clear-key', sent);
  const { keys } = (content ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length === 0) throw new OnmonError('bad_answer', { status });
  return new TextEncoder().encode(JSON.stringify(content));
}

/**
 * Lets a media element play encrypted content: call it before the element's source is set. Licences are
 * asked for as the content names its keys.
 *
 * Rejects with `eme_unavailable` (a page that was not served over https, or a browser that cannot play this).
 */
export async function connectKeys(
  media: HTMLMediaElement,
  options: KeyOptions,
): Promise<KeyConnection> {
  const { contentTypes = CONTENT_TYPES } = options;
  const keys = await mediaKeys(contentTypes);
  try {
    await media.setMediaKeys(keys);
  } catch (cause) {
    throw unavailable(cause);
  }
  return new Connection(media, keys, options);
}

async function mediaKeys(contentTypes: string[]): Promise<MediaKeys> {
  try {
    const access = await navigator.requestMediaKeySystemAccess(KEY_SYSTEM, [
      {
        initDataTypes: ['cenc', 'keyids'],
        audioCapabilities: contentTypes.map((contentType) => ({ contentType })),
        sessionTypes: ['temporary'],
      },
    ]);
    return await access.createMediaKeys();
  } catch (cause) {
    throw unavailable(cause);
  }
}

function unavailable(cause: unknown): OnmonError {
  return new OnmonError('eme_unavailable', { detail: String(cause), cause });
}

/** What a piece of content asked keys for, and the session that asks. */
interface Asked {
  type: string;
  data: ArrayBuffer;
  session: MediaKeySession;
  isRefused: boolean;
}

class Connection implements KeyConnection {
  readonly #media: HTMLMediaElement;
  readonly #keys: MediaKeys;
  readonly #options: KeyOptions;
  readonly #asked = new Map<string, Asked>();

  constructor(media: HTMLMediaElement, keys: MediaKeys, options: KeyOptions) {
    this.#media = media;
    this.#keys = keys;
    this.#options = options;
    media.addEventListener('encrypted', this.#onEncrypted);
  }

  async retry(): Promise<void> {
    const refused = [...this.#asked.values()].filter(({ isRefused }) => isRefused);
    await Promise.all(
      refused.map(async (asked) => {
        // A session asks once; what was refused is asked for from a new one.
        asked.isRefused = false;
        await asked.session.close();
        asked.session = this.#keys.createSession();
        await this.#ask(asked);
      }),
    );
  }

  async close(): Promise<void> {
    this.#media.removeEventListener('encrypted', this.#onEncrypted);
    const open = [...this.#asked.values()];
    this.#asked.clear();
    await Promise.all(open.map(({ session }) => session.close()));
    await this.#media.setMediaKeys(null);
  }

  readonly #onEncrypted = ({ initData, initDataType }: MediaEncryptedEvent): void => {
    if (initData === null) return;
    // Each track of a file, and each time that it is appended, brings the same data again.
    const name = `${initDataType} ${new Uint8Array(initData).join()}`;
    if (this.#asked.has(name)) return;
    const session = this.#keys.createSession();
    const asked = { type: initDataType, data: initData, session, isRefused: false };
    this.#asked.set(name, asked);
    this.#ask(asked).then(
      () => this.#options.onLicence?.(null),
      (error: OnmonError) => this.#options.onLicence?.(error),
    );
  };

  /** Resolves when the session holds its keys. */
  #ask(asked: Asked): Promise<void> {
    const { type, data, session } = asked;
    return new Promise((resolve, reject) => {
      const answer = async ({ message }: MediaKeyMessageEvent): Promise<void> => {
        await session.update(await requestLicence(message, this.#options));
      };
      session.addEventListener('message', (event) => answer(event).then(resolve, fail), { once: true });
      const fail = (cause: unknown): void => {
        asked.isRefused = true;
        const isOurs = cause instanceof OnmonError;
        reject(isOurs ? cause : new OnmonError('eme_failed', { detail: String(cause), cause }));
      };
      session.generateRequest(type, data).catch(fail);
    });
  }
}
