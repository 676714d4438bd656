// Sharing in Node: `onmon/sharing`.

import * as onmon from './node.js';
import { nodePlatform } from './platform-node.js';
import { createSharing, type Sharing } from './sharing.js';
import * as tags from './tag-node.js';

export * from './sharing-exports.js';

const sharing: Sharing = /* @__PURE__ */ createSharing(
  onmon,
  tags,
  nodePlatform.defaultServer,
);

export const { offer, purchase, serverKeys, share, signIn } = sharing;
