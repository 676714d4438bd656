// What both entries of `onmon/sharing` export beside the functions.

export { OnmonError } from './errors.js';
export type {
  AccessToken,
  AccountOptions,
  Method,
  Offer,
  Price,
  Purchase,
  PurchaseOptions,
  Recheck,
  Shared,
  ShareOptions,
  Sharing,
  ServerOptions,
} from './sharing.js';
