// Tags in a browser: `onmon/tag`.

import { browserPlatform } from './platform-browser.js';
import { createTags, type Tags } from './tag.js';

export * from './tag-exports.js';

const tags: Tags = /* @__PURE__ */ createTags({
  ...browserPlatform,
  fetchWasm: () => fetch(new URL('../pkg/onmon_tag_bg.wasm', import.meta.url)),
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
