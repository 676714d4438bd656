// Listening in Node, where codes come from an Extractor: `onmon/live`.

import { extraction } from './extraction-node.js';
import { createLive, type Live } from './live.js';

export * from './live-exports.js';

const live: Live = /* @__PURE__ */ createLive(extraction);

export const { listen, openStream } = live;
