// Uploads by tus-js-client, checked before they begin: `onmon/tus`.

import { OnmonError } from '../errors.js';
import type { Checker, CheckOptions } from '../guard.js';

export { OnmonError } from '../errors.js';
export type { Checked, Checker } from '../guard.js';

/** What is added to the options of an upload. */
export interface TusOptions {
  metadata?: Record<string, string> | undefined;
}

/**
 * `const upload = await guardedUpload(tus.Upload, file, options, guard); upload.start()`. What is uploaded is
 * the file as it was tagged or sealed, with its permit's id as the metadata `onmonPermit`.
 *
 * Rejects with an `OnmonError` where the file may not leave: `not_permitted`, or why it is not known.
 */
export async function guardedUpload<Options extends TusOptions, Upload>(
  constructor: new (file: Blob, options: Options) => Upload,
  file: Blob,
  options: Options,
  guard: Checker,
  check?: CheckOptions,
): Promise<Upload> {
  const { file: made, permitId, error } = await guard.check(file, check);
  if (made === null) throw error ?? new OnmonError('not_permitted');
  const { name } = file as { name?: string };
  const metadata = {
    ...(name === undefined ? {} : { filename: name, filetype: made.type }),
    ...options.metadata,
    ...(permitId === null ? {} : { onmonPermit: permitId }),
  };
  return new constructor(made, { ...options, metadata });
}
