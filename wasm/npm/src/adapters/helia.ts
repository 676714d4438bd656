// Helia (IPFS in JavaScript): nothing is added unchecked. `onmon/helia`.

import { OnmonError } from '../errors.js';
import type { Checked, Checker, CheckOptions } from '../guard.js';

export { OnmonError } from '../errors.js';
export type { Checked, Checker } from '../guard.js';

/** What is used of `unixfs(helia)`. */
export interface UnixFs<Cid, Options extends object> {
  addFile(file: { path: string; content: ReadableStream<Uint8Array> }, options?: Options): Promise<Cid>;
}

/** Options of `guardedAddFile`. */
export interface AddFileOptions<Options extends object> extends CheckOptions {
  guard: Checker;
  /** Its path below the `Cid`; the file's name where left out. */
  path?: string | undefined;
  /** Of `addFile` itself, such as `pin`. */
  unixfs?: Options | undefined;
}

/**
 * Adds a file as it may leave: tagged, sealed, or as it was. What is added any peer can ask for, so the check
 * comes before.
 *
 * Rejects with an `OnmonError` where the file may not leave: `not_permitted`, or why it is not known.
 */
export async function guardedAddFile<Cid, Options extends object>(
  fs: UnixFs<Cid, Options>,
  file: Blob,
  { guard, path, unixfs, ...check }: AddFileOptions<Options>,
): Promise<{ cid: Cid; checked: Checked }> {
  const checked = await guard.check(file, check);
  if (checked.file === null) throw checked.error ?? new OnmonError('not_permitted');
  const content = checked.file.stream() as ReadableStream<Uint8Array>;
  const { name = 'file' } = file as { name?: string };
  const cid = await fs.addFile({ path: path ?? name, content }, unixfs);
  return { cid, checked };
}
