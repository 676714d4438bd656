// Tags in Node: `onmon/tag`.

import { readFile } from 'node:fs/promises';

import { nodePlatform } from './platform-node.js';
import { createTags, type Tags } from './tag.js';

export * from './tag-exports.js';

const tags: Tags = /* @__PURE__ */ createTags({
  ...nodePlatform,
  fetchWasm: () => readFile(new URL('../pkg/onmon_tag_bg.wasm', import.meta.url)),
});

export const {
  checkRelease,
  prepareTags,
  readTag,
  stripTag,
  verifyRelease,
  verifyTag,
  writeTag,
} = tags;
