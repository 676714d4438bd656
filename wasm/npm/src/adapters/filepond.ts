// A plugin for FilePond: files are checked as they are loaded. `onmon/filepond`.

import type { Checker } from '../guard.js';

export { OnmonError } from '../errors.js';
export type { Checked, Checker } from '../guard.js';

/** What FilePond gives a plugin, as far as this one uses it. */
export interface FilePondApi {
  addFilter(name: 'LOAD_FILE', filter: (file: Blob) => Promise<Blob>): void;
}

/**
 * `FilePond.registerPlugin(filePondGuard(guard))`. A refused file is shown with the reason and cannot be
 * uploaded; a permitted one goes as it was tagged or sealed.
 */
export function filePondGuard(guard: Checker): (api: FilePondApi) => { options: object } {
  return ({ addFilter }) => {
    addFilter('LOAD_FILE', async (file) => {
      const { file: made, message } = await guard.check(file);
      if (made) return made;
      // The shape that FilePond shows: a line, and a smaller one.
      throw { status: { main: guard.say('refused'), sub: message } };
    });
    return { options: {} };
  };
}
