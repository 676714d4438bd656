// A validator for react-dropzone: `onmon/dropzone`.

import type { OnmonErrorCode } from '../errors.js';
import type { Checker, CheckOptions } from '../guard.js';

export { OnmonError } from '../errors.js';
export type { Checked, Checker } from '../guard.js';

/** As react-dropzone's `FileError`. */
export interface DropzoneError {
  code: OnmonErrorCode;
  message: string;
}

/**
 * `useDropzone({ validator: dropzoneValidator(guard) })`. A refused file is among the `fileRejections` with
 * its code; the others are accepted. Never rejects: that would drop all of them.
 */
export function dropzoneValidator(
  guard: Checker,
  options?: CheckOptions,
): (file: File) => Promise<DropzoneError | null> {
  return async (file) => {
    const { ok, code, message } = await guard.check(file, options);
    return ok ? null : { code: code ?? 'internal', message };
  };
}

/** What may leave in place of accepted files: tagged, sealed, or as they were. Others are left out. */
export function checkedFiles(guard: Checker, files: readonly File[]): File[] {
  return files.flatMap((file) => (guard.outcome(file)?.file as File | null | undefined) ?? []);
}
