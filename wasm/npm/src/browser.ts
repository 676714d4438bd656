// The package in a browser, with or without a bundler.

import { extraction } from './extraction-browser.js';
import type { Extractor as StreamingExtractor } from './extractor.js';
import { createOnmon, type Onmon } from './onmon.js';
import { browserPlatform } from './platform-browser.js';

export * from './exports.js';

const onmon: Onmon = /* @__PURE__ */ createOnmon(browserPlatform, extraction);

export const { essence, fingerprint, identify, inspect, prepare, Extractor } = onmon;
export type Extractor = StreamingExtractor;
