// Node: a worker thread, the file handed over whole.

import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

import type { Platform } from './platform.js';

export const nodePlatform: Platform = {
  fetchWasm: () => readFile(new URL('../pkg/onmon_wasm_bg.wasm', import.meta.url)),
  fetchCommonWasm: () => readFile(new URL('../pkg/onmon_common_bg.wasm', import.meta.url)),
  fetchMp3Wasm: () => readFile(new URL('../pkg/onmon_mp3_bg.wasm', import.meta.url)),
  startWorker: (listener) => {
    // Flags of the calling process, such as --input-type, are not meant for this file.
    const worker = new Worker(new URL('./worker-node.js', import.meta.url), { execArgv: [] });
    worker.on('message', (report) => listener.report(report));
    worker.on('error', (error) => listener.fail(error));
    worker.on('messageerror', (error) => listener.fail(error));
    return {
      send: (job) => worker.postMessage(job),
      terminate: () => void worker.terminate(),
    };
  },
  // A worker thread has no FileReaderSync. The message itself copies the bytes.
  shareable: async (input) =>
    input instanceof Uint8Array ? input : new Uint8Array(await input.arrayBuffer()),
  readsPieces: false,
  halvesFiles: () => false,
  defaultServer: () => undefined,
};
