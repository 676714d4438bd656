// The package in Node.

import { extraction } from './extraction-node.js';
import type { Extractor as StreamingExtractor } from './extractor.js';
import { createOnmon, type Onmon } from './onmon.js';
import { nodePlatform } from './platform-node.js';

export * from './exports.js';

const onmon: Onmon = /* @__PURE__ */ createOnmon(nodePlatform, extraction);

export const { essence, fingerprint, identify, inspect, prepare, Extractor } = onmon;
export type Extractor = StreamingExtractor;
