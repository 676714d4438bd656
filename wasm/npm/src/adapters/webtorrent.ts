// WebTorrent: nothing is seeded unchecked, and nothing is downloaded that is not to be had. `onmon/webtorrent`.

import { OnmonError } from '../errors.js';
import type { Checked, Checker } from '../guard.js';
import type { Bought, Incoming, Look } from '../incoming.js';
import type { RangeSource } from '../ranges.js';
import type { Offer } from '../sharing-download.js';

export { OnmonError } from '../errors.js';
export type { Checked, Checker } from '../guard.js';

/** What is used of a WebTorrent client. */
export interface TorrentClient<T extends Torrent> {
  add(torrentId: string, options: object): T;
  seed(input: File[], options: object, onSeed: (torrent: T) => void): T;
}

/** What is used of a torrent. */
export interface Torrent {
  files: TorrentFile[];
  once(event: string, listener: (error?: unknown) => void): unknown;
  destroy(options?: object): unknown;
}

/** What is used of a file in a torrent. */
export interface TorrentFile {
  name: string;
  length: number;
  /** `end` is the last byte's number. */
  arrayBuffer(range?: { start: number; end: number }): Promise<ArrayBuffer>;
}

/** Options of `guardedSeed`. */
export interface SeedOptions {
  guard: Checker;
  /** WebTorrent's own, such as `announce`. */
  torrent?: object | undefined;
  signal?: AbortSignal | undefined;
  /** Told the share of the checks that is done, 0 to 1. */
  onProgress?: ((fraction: number) => void) | undefined;
}

/** Options of `checkedAdd`. */
export interface AddOptions {
  incoming: Pick<Incoming, 'look' | 'buy'>;
  /** Asks the user, before more is fetched than it took to know: whether all this is to be bought. */
  pay: (offers: Offer[]) => boolean | Promise<boolean>;
  /** WebTorrent's own, such as `announce`. */
  torrent?: object | undefined;
  signal?: AbortSignal | undefined;
}

/** A file of a torrent, downloaded and, where it costs something, bought. */
export interface Received {
  name: string;
  /** As it plays: decrypted where it was sealed. */
  content: Blob;
  offer: Offer | null;
  purchase: Bought['purchase'] | null;
}

/**
 * Seeds files as they may leave: tagged, sealed, or as they were. If one may not, none is seeded.
 *
 * Rejects with an `OnmonError`: `not_permitted`, or why it is not known.
 */
export async function guardedSeed<T extends Torrent>(
  client: TorrentClient<T>,
  files: File | Iterable<File>,
  options: SeedOptions,
): Promise<T> {
  const { guard, signal, onProgress } = options;
  const all = files instanceof File ? [files] : [...files];
  const leaving: File[] = [];
  for (const file of all) {
    const tell = (fraction: number) => onProgress?.((leaving.length + fraction) / all.length);
    const checked: Checked = await guard.check(file, { signal, onProgress: tell });
    if (checked.file === null) throw checked.error ?? new OnmonError('not_permitted');
    leaving.push(checked.file as File);
  }
  return new Promise((resolve, reject) => {
    const torrent = client.seed(leaving, { ...options.torrent }, resolve);
    torrent.once('error', reject);
  });
}

/**
 * Adds a torrent, looks at its files by the few ranges that this takes, asks for payment where a file was
 * shared lawfully, and then downloads and buys. Nothing of it is passed on meanwhile: seed what may be by
 * `guardedSeed`. A torrent that is refused, not bought, or not what it says is destroyed with its data.
 *
 * Rejects with an `OnmonError`: `not_permitted` (registered music without a tag), `not_bought`,
 * `tag_other_file` (before anything is paid), `aborted`, and those of `look` and `buy`.
 */
export async function checkedAdd<T extends Torrent>(
  client: TorrentClient<T>,
  torrentId: string,
  options: AddOptions,
): Promise<{ torrent: T; files: Received[] }> {
  const { incoming, pay, signal } = options;
  const torrent = client.add(torrentId, { ...options.torrent, deselect: true, uploads: false });
  try {
    await ready(torrent, signal);
    const looks: Look[] = [];
    for (const file of torrent.files) looks.push(await incoming.look(sourceOf(file), signal));
    if (looks.some(({ decision }) => decision !== null && decision !== 'unregistered')) {
      throw new OnmonError('not_permitted');
    }
    const offers = looks.flatMap(({ offer }) => offer ?? []);
    if (offers.length > 0 && !(await pay(offers))) throw new OnmonError('not_bought');
    const files: Received[] = [];
    for (const [index, file] of torrent.files.entries()) {
      const content = new Blob([await unlessAborted(file.arrayBuffer(), signal)]);
      const offer = looks[index]?.offer ?? null;
      const bought = offer && (await incoming.buy(content, signal));
      files.push({ name: file.name, offer, content: bought?.content ?? content, purchase: bought?.purchase ?? null });
    }
    return { torrent, files };
  } catch (cause) {
    torrent.destroy({ destroyStore: true });
    throw cause;
  }
}

/** A file of a torrent, of which only what is read is downloaded. */
function sourceOf(file: TorrentFile): RangeSource {
  return {
    size: file.length,
    name: file.name,
    read: (start, end, signal) => unlessAborted(file.arrayBuffer({ start, end: end - 1 }), signal),
  };
}

function ready(torrent: Torrent, signal: AbortSignal | undefined): Promise<void> {
  const became = new Promise<void>((resolve, reject) => {
    torrent.once('ready', () => resolve());
    torrent.once('error', (cause) => reject(new OnmonError('network', { detail: String(cause), cause })));
  });
  return unlessAborted(became, signal);
}

/** WebTorrent takes no signal: what it does goes on unheard until the torrent is destroyed. */
function unlessAborted<V>(work: Promise<V>, signal: AbortSignal | undefined): Promise<V> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new OnmonError('aborted', { cause: signal?.reason }));
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort));
  });
}
