// The browser's worker: one file, then the page ends it.

import type { Job, Report } from './job.js';
import { perform } from './perform.js';
import { helped, mayHelp } from './web-codecs.js';

globalThis.addEventListener('message', ({ data: job }: MessageEvent<Job>) => {
  const tell = (report: Report) => globalThis.postMessage(report);
  perform(job, (report) => {
    if (mayHelp(job, report)) void helped(job, report, tell).then(tell);
    else tell(report);
  });
});
