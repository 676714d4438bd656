// What a worker does with its one file; the same in a browser and in Node.

import { fingerprintBlob, fingerprintBytes, initSync } from '../pkg/onmon_wasm.js';
import type { Extracted, Job, Report } from './job.js';

/** Fingerprints the job's file and reports. Blocks: nothing but the end of the worker stops it. */
export function perform(job: Job, tell: (report: Report) => void): void {
  try {
    initSync({ module: job.module });
    const onProgress = (fraction: number) => tell({ type: 'progress', fraction });
    const extracted: Extracted =
      job.input instanceof Uint8Array
        ? fingerprintBytes(job.input, job.name, onProgress)
        : fingerprintBlob(job.input, job.name, onProgress);
    tell({ type: 'done', extracted });
  } catch (thrown) {
    tell({ type: 'failed', ...refusal(thrown) });
  }
}

function refusal(thrown: unknown): { code: string; message: string } {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && !(thrown instanceof Error)) return { code, message: String(message) };
  // A panic ends in a trap: the decoders are other people's, and the file may be made to break them.
  if (thrown instanceof WebAssembly.RuntimeError) return { code: 'decoder_broke', message: String(thrown) };
  return { code: 'internal', message: String(thrown) };
}
