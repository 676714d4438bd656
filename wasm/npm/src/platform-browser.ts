// The browser: a module worker from the same origin, the file read in ranges inside it.

import { decodeWhole } from './browser-decode.js';
import type { Report } from './job.js';
import type { Platform, RunningWorker, WorkerListener } from './platform.js';

export const browserPlatform: Platform = {
  fetchWasm: () => fetch(new URL('../pkg/onmon_wasm_bg.wasm', import.meta.url)),
  fetchCommonWasm: () => fetch(new URL('../pkg/onmon_common_bg.wasm', import.meta.url)),
  fetchMp3Wasm: () => fetch(new URL('../pkg/onmon_mp3_bg.wasm', import.meta.url)),
  startWorker: (listener, make) => {
    if (make) return running(make(), listener);
    // Bundlers know a worker by this very expression: keep it as it is.
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    return running(worker, listener);
  },
  // A Blob is sent by reference, and a worker reads from it only what it needs.
  shareable: async (input) => (input instanceof Blob ? input : new Blob([input as BlobPart])),
  readsPieces: true,
  halvesFiles: () => globalThis.navigator.hardwareConcurrency >= 2,
  decodeWhole,
  defaultServer: () => globalThis.location?.origin,
};

function running(worker: Worker, listener: WorkerListener): RunningWorker {
  worker.addEventListener('message', (event: MessageEvent<Report>) => listener.report(event.data));
  worker.addEventListener('error', (event) => listener.fail(event.error ?? event.message));
  worker.addEventListener('messageerror', () => listener.fail('a message could not be read'));
  return {
    send: (job) => worker.postMessage(job),
    terminate: () => worker.terminate(),
  };
}
