// The module for PCM and codes in Node: no decoder in it.

import { readFile } from 'node:fs/promises';

import * as glue from '../pkg/onmon_extract.js';
import { Engine } from './engine.js';
import { nodePlatform } from './platform-node.js';

export const extraction: Engine = /* @__PURE__ */ new Engine(
  {
    ...nodePlatform,
    fetchWasm: () => readFile(new URL('../pkg/onmon_extract_bg.wasm', import.meta.url)),
  },
  glue,
);
