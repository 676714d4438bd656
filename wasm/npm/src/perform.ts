// What a worker does with its one file; the same in a browser and in Node.

import * as common from '../pkg/onmon_common.js';
import * as mp3 from '../pkg/onmon_mp3.js';
import * as tags from '../pkg/onmon_tag.js';
import * as all from '../pkg/onmon_wasm.js';
import type { Decoder, Job, Report } from './job.js';
import { SparseReader } from './ranges.js';

/** What decodes, of each module. */
const DECODING: Record<Decoder, typeof mp3 | typeof common | typeof all> = { mp3, common, all };

/** Does the job and reports. Blocks: nothing but the end of the worker stops it. */
export function perform(job: Job, tell: (report: Report) => void): void {
  const { input } = job;
  if (input instanceof Uint8Array || input instanceof Blob) {
    tell(performed(job, input, tell));
    return;
  }
  const reader = new SparseReader(input);
  // The module reads it by the two members of a Blob that this one has.
  const report = performed(job, reader as unknown as Blob, tell);
  // A decoder may take what is missing for the end of the file: whatever it made of that does not count.
  tell(reader.missing ? { type: 'missing', ...reader.missing } : report);
}

function performed(job: Job, input: Blob | Uint8Array, tell: (report: Report) => void): Report {
  try {
    const onProgress = (fraction: number) => tell({ type: 'progress', fraction });
    return { type: 'done', result: done(job, input, onProgress) };
  } catch (thrown) {
    return { type: 'failed', ...refusal(thrown) };
  }
}

function done(
  { module, decoder, task, name }: Job,
  input: Blob | Uint8Array,
  onProgress: (fraction: number) => void,
): unknown {
  const decoding = DECODING[decoder];
  const isBytes = input instanceof Uint8Array;
  switch (task.kind) {
    case 'fingerprint': {
      const { part = 0, parts = 1 } = task;
      decoding.initSync({ module });
      return isBytes
        ? decoding.fingerprintBytes(input, name, onProgress, task.seed, task.pictures, part, parts)
        : decoding.fingerprintBlob(input, name, onProgress, task.seed, task.pictures, part, parts);
    }
    case 'essence':
      decoding.initSync({ module });
      return isBytes
        ? decoding.essenceBytes(input, name, onProgress)
        : decoding.essenceBlob(input, name, onProgress);
    case 'findTag':
      tags.initSync({ module });
      return isBytes ? tags.findTagBytes(input) : tags.findTagBlob(input);
    case 'planTag':
      tags.initSync({ module });
      return isBytes ? tags.planTagBytes(input, task.tag) : tags.planTagBlob(input, task.tag);
  }
}

function refusal(thrown: unknown): { code: string; message: string } {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && !(thrown instanceof Error)) return { code, message: String(message) };
  // A panic ends in a trap: the decoders are other people's, and the file may be made to break them.
  if (thrown instanceof WebAssembly.RuntimeError) return { code: 'decoder_broke', message: String(thrown) };
  return { code: 'internal', message: String(thrown) };
}
