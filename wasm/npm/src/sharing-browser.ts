// Sharing in a browser: `onmon/sharing`.

import * as onmon from './browser.js';
import { browserPlatform } from './platform-browser.js';
import { createSharing, type Sharing } from './sharing.js';
import * as tags from './tag-browser.js';

export * from './sharing-exports.js';

const sharing: Sharing = /* @__PURE__ */ createSharing(
  onmon,
  tags,
  browserPlatform.defaultServer,
);

export const { offer, purchase, serverKeys, share, signIn } = sharing;
