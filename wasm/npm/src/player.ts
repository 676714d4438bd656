// A media element that honours how a file was shared: it has no source until what it costs is paid.
//
//   load -> checking -> locked -> buy -> buying -> open
//                    -> untagged -> recover -> locked
//                    -> open (nobody's right is known), refused, failed
//
// The element is locked by having nothing to play. That holds against every button of the page and of the
// browser; against the page's own scripts nothing does.

import * as onmon from './browser.js';
import { OnmonError } from './errors.js';
import type { Answer } from './identify.js';
import { KeptReleases, type PlayerStorage } from './player-releases.js';
import { fetchFile } from './player-source.js';
import { browserPlatform } from './platform-browser.js';
import { open } from './sealed.js';
import { tokenOf, type TokenSource } from './server.js';
import { Downloads, type Offer, type Purchase } from './sharing-download.js';
import { find, type Found } from './sharing-found.js';
import { SharingServer, type ServerOptions } from './sharing-server.js';
import { Uploads } from './sharing-upload.js';
import * as tags from './tag-browser.js';
import type { KeySet } from './tag.js';
import type { AudioInput } from './work.js';

/** Where a player stands. */
export type PlayerState =
  /** Nothing is loaded. */
  | 'empty'
  /** A file is being read, and its server asked. */
  | 'checking'
  /** It was shared lawfully and is to be paid for: `offer` says what it costs. */
  | 'locked'
  /** It says nothing of how it was shared, and its sound is registered music: `recover` gets its permit. */
  | 'untagged'
  /** Its sound is registered music whose rights are not entrusted: nobody may share it. */
  | 'refused'
  /** The purchase is under way. */
  | 'buying'
  /** The element has it, and plays and seeks as it likes. */
  | 'open'
  /** `error` says why. The element has nothing. */
  | 'failed';

/** Options of an `OnmonPlayer`. */
export interface PlayerOptions {
  /** The server's address; the page's own origin where left out. */
  server?: string | URL | undefined;
  /** The account's token of minutes, or what gives a fresh one at each request. */
  token?: TokenSource | undefined;
  /**
   * What is done with a file that says nothing of how it was shared: `identify` sends its fingerprint and
   * plays it where it is not registered (it is so where left out); `play` plays it.
   */
  untagged?: 'identify' | 'play' | undefined;
  /** Whether a purchase is rechecked by the fingerprint of what was bought; it is where left out. */
  recheck?: boolean | undefined;
  /** Keeps what was bought for the next visit, such as `localStorage`; nothing is kept where left out. */
  storage?: PlayerStorage | undefined;
  /** Called after each change of `state`. */
  onChange?: ((player: OnmonPlayer) => void) | undefined;
}

/** What is loaded: the file, and what it says of itself. */
interface Loaded {
  input: AudioInput;
  found: Found | null;
  /** Under which its permit is asked for, so that trying again counts once. */
  uploadId: string;
}

/** Controls one `<audio>` or `<video>` element. */
export class OnmonPlayer {
  readonly media: HTMLMediaElement;
  readonly #options: PlayerOptions;
  readonly #server = new SharingServer(browserPlatform.defaultServer);
  readonly #downloads = new Downloads({ onmon, tags, server: this.#server });
  readonly #uploads = new Uploads({ onmon, tags, server: this.#server });
  readonly #kept: KeptReleases;
  #state: PlayerState = 'empty';
  #offer: Offer | null = null;
  #answer: Answer | null = null;
  #error: OnmonError | null = null;
  #loaded: Loaded | null = null;
  #work = new AbortController();
  #url: string | null = null;

  /** Takes the element over: a source that it has is taken away. */
  constructor(media: HTMLMediaElement, options: PlayerOptions = {}) {
    this.media = media;
    this.#options = options;
    this.#kept = new KeptReleases(options.storage, tags);
    this.#lock();
    this.#show();
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** What the file is and costs, once that is known. */
  get offer(): Offer | null {
    return this.#offer;
  }

  /** What the sound was found to be, where the file itself said nothing. */
  get answer(): Answer | null {
    return this.#answer;
  }

  /** Why it failed, or why the last `buy` or `recover` did. */
  get error(): OnmonError | null {
    return this.#error;
  }

  /**
   * Loads a file, or one from an address, in place of what is there, and resolves when the state is
   * `locked`, `untagged`, `refused`, `open` or `failed`. Never rejects; superseded by another `load` or
   * `close` it resolves to the state there is then.
   */
  async load(source: AudioInput | URL | string): Promise<PlayerState> {
    const signal = this.#begin('checking');
    try {
      const isAddress = typeof source === 'string' || source instanceof URL;
      const input = isAddress ? await fetchFile(source, signal) : source;
      await this.#check({ input, found: null, uploadId: crypto.randomUUID() }, signal);
    } catch (cause) {
      if (!signal.aborted) this.#enter('failed', { error: known(cause) });
    }
    return this.#state;
  }

  /**
   * Asks for the permit of a file whose tag is gone, which counts as an upload of this account, and puts a
   * new tag into it: `locked` then, with its price.
   *
   * Rejects with `nothing_to_buy` in any other state than `untagged`, and as `share` and `offer` do; the
   * state is as before then.
   */
  async recover(): Promise<Offer> {
    const loaded = this.#expect('untagged');
    return this.#try('checking', 'untagged', async (signal) => {
      const asked = { server: this.#options.server, token: await this.#token(), signal };
      const { input, uploadId } = loaded;
      const { file } = await this.#uploads.share(input, { ...asked, uploadId, method: 'tag' });
      if (file === null) throw new OnmonError('not_permitted');
      await this.#check({ input: file, found: null, uploadId }, signal);
      if (this.#offer === null) throw new OnmonError('aborted');
      return this.#offer;
    });
  }

  /**
   * Buys what is loaded and gives it to the element; bought again it costs nothing. The page says what it
   * costs before it calls this.
   *
   * Rejects with `nothing_to_buy` in any other state than `locked`, and as `purchase` and `open` do; the
   * state is `locked` as before then.
   */
  async buy(): Promise<Purchase> {
    const { input, found } = this.#expect('locked');
    if (found === null) throw new OnmonError('nothing_to_buy');
    return this.#try('buying', 'locked', async (signal) => {
      const { server, recheck } = this.#options;
      const asked = { server, recheck, token: await this.#token(), signal };
      const bought = await this.#downloads.purchase(input, found, asked);
      if (bought.release) this.#kept.keep(bought.permitId, bought.release.bytes);
      const content = bought.key ? await open(input, bought.key, { signal }) : input;
      if (signal.aborted) throw new OnmonError('aborted');
      this.#unlock(content);
      return bought;
    });
  }

  /** Takes the element's source away and forgets what was loaded. The element may be used otherwise then. */
  close(): void {
    this.#begin('empty');
    delete this.media.dataset['onmon'];
  }

  /** Finds out what a file is, and enters the state that follows. */
  async #check(loaded: Loaded, signal: AbortSignal): Promise<void> {
    const asked = { server: this.#options.server, signal };
    const keys = () => this.#keys(asked);
    const found = await find(loaded.input, onmon, tags, keys, signal);
    this.#loaded = { ...loaded, found };
    if (found === null) return this.#checkSound(loaded.input, asked);
    if (found.method === 'tag' && (await this.#kept.unlocks(found))) {
      if (!signal.aborted) this.#unlock(loaded.input);
      return;
    }
    const offer = await this.#downloads.offer(found, asked);
    if (!signal.aborted) this.#enter('locked', { offer });
  }

  /** What a file that says nothing sounds like decides. */
  async #checkSound(input: AudioInput, asked: ServerOptions & { signal: AbortSignal }): Promise<void> {
    if (this.#options.untagged === 'play') return this.#unlock(input);
    const made = await onmon.fingerprint(input, { signal: asked.signal });
    const server = this.#server.address(asked);
    const answer = await onmon.identify(made, { server, signal: asked.signal });
    if (asked.signal.aborted) return;
    this.#answer = answer;
    if (answer.decision === 'unregistered') return this.#unlock(input);
    this.#enter(answer.decision === 'permit' ? 'untagged' : 'refused', { answer });
  }

  /** The server's public keys; where it cannot be reached, those of the last time. */
  async #keys(asked: ServerOptions): Promise<KeySet> {
    const server = String(this.#server.address(asked));
    try {
      const keys = await this.#server.keys(asked);
      this.#kept.keepKeys(server, keys);
      return keys;
    } catch (error) {
      const kept = (error as OnmonError).code === 'network' ? this.#kept.keysOf(server) : null;
      if (kept === null) throw error;
      return kept;
    }
  }

  async #token(): Promise<string> {
    const { token } = this.#options;
    if (token === undefined) throw new OnmonError('no_account');
    return tokenOf(token);
  }

  #expect(state: PlayerState): Loaded {
    if (this.#state !== state || this.#loaded === null) throw new OnmonError('nothing_to_buy');
    return this.#loaded;
  }

  /** Does a piece of work in one state; what fails goes back to another, with its error. */
  async #try<T>(during: PlayerState, back: PlayerState, work: (signal: AbortSignal) => Promise<T>) {
    const { signal } = this.#work;
    const [offer, answer] = [this.#offer, this.#answer];
    this.#enter(during, { offer, answer });
    try {
      return await work(signal);
    } catch (cause) {
      const error = known(cause);
      if (!signal.aborted) this.#enter(back, { offer, answer, error });
      throw error;
    }
  }

  /** Ends what is under way and starts anew, locked. */
  #begin(state: PlayerState): AbortSignal {
    this.#work.abort();
    this.#work = new AbortController();
    this.#loaded = null;
    this.#lock();
    this.#enter(state, {});
    return this.#work.signal;
  }

  #enter(
    state: PlayerState,
    known: { offer?: Offer | null; answer?: Answer | null; error?: OnmonError | null },
  ): void {
    this.#state = state;
    this.#offer = known.offer ?? null;
    this.#answer = known.answer ?? null;
    this.#error = known.error ?? null;
    this.#show();
    this.#options.onChange?.(this);
  }

  /** For style sheets: `audio[data-onmon=locked]`. */
  #show(): void {
    this.media.dataset['onmon'] = this.#state;
  }

  #lock(): void {
    this.media.removeAttribute('src');
    this.media.srcObject = null;
    this.media.load();
    if (this.#url !== null) URL.revokeObjectURL(this.#url);
    this.#url = null;
  }

  #unlock(content: AudioInput): void {
    const file = content instanceof Blob ? content : new Blob([content as BlobPart]);
    this.#url = URL.createObjectURL(file);
    this.media.src = this.#url;
    this.#enter('open', { offer: this.#offer, answer: this.#answer });
  }
}

function known(cause: unknown): OnmonError {
  if (cause instanceof OnmonError) return cause;
  return new OnmonError('internal', { detail: String(cause), cause });
}
