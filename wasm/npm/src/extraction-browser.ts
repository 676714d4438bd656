// The module for PCM and codes in a browser: no decoder in it.

import * as glue from '../pkg/onmon_extract.js';
import { Engine } from './engine.js';
import { browserPlatform } from './platform-browser.js';

export const extraction: Engine = /* @__PURE__ */ new Engine(
  {
    ...browserPlatform,
    fetchWasm: () => fetch(new URL('../pkg/onmon_extract_bg.wasm', import.meta.url)),
  },
  glue,
);
