// Sharing in Node: `onmon/sharing`.

import { createOnmon } from './onmon.js';
import { nodePlatform } from './platform-node.js';
import { createSharing, type Sharing } from './sharing.js';
import * as tags from './tag-node.js';

export { OnmonError } from './errors.js';
export type {
  AccessToken,
  AccountOptions,
  Method,
  Offer,
  Price,
  Purchase,
  Shared,
  ShareOptions,
  Sharing,
  ServerOptions,
} from './sharing.js';

const sharing: Sharing = /* @__PURE__ */ createSharing(
  /* @__PURE__ */ createOnmon(nodePlatform),
  tags,
  nodePlatform.defaultServer,
);

export const { offer, purchase, serverKeys, share, signIn } = sharing;
