// The browser's worker: one file, then the page ends it.

import type { Job, Report } from './job.js';
import { perform } from './perform.js';

globalThis.addEventListener('message', (event: MessageEvent<Job>) => {
  perform(event.data, (report: Report) => globalThis.postMessage(report));
});
