// Node's worker thread: one file, then the caller ends it.

import { parentPort } from 'node:worker_threads';

import type { Job, Report } from './job.js';
import { perform } from './perform.js';

parentPort?.on('message', (job: Job) => {
  perform(job, (report: Report) => parentPort?.postMessage(report));
});
