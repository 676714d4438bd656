// The same page for esbuild, which follows no `new URL(…, import.meta.url)`: it is told where worker and module
// lie. The worker is an entry of its own, the module a file by its loader.

import { fingerprint, prepare } from 'onmon';
import wasm from 'onmon/onmon_wasm_bg.wasm';

globalThis.fingerprintOf = async (file) => {
  await prepare({
    wasm: new URL(wasm, import.meta.url),
    worker: () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
  });
  return [...(await fingerprint(file)).bytes];
};
