// Sharing in Node: `onmon/sharing`.

import { createOnmon } from './onmon.js';
import { nodePlatform } from './platform-node.js';
import { createSharing, type Sharing } from './sharing.js';
import * as tags from './tag-node.js';

export * from './sharing-exports.js';

const sharing: Sharing = /* @__PURE__ */ createSharing(
  /* @__PURE__ */ createOnmon(nodePlatform),
  tags,
  nodePlatform.defaultServer,
);

export const { offer, purchase, serverKeys, share, signIn } = sharing;
