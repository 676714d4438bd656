// What both entries of `onmon/sharing` export beside the functions.

export { OnmonError } from './errors.js';
export type { Sharing } from './sharing.js';
export type { Offer, Price, Purchase, PurchaseOptions, Recheck } from './sharing-download.js';
export type { AccessToken, AccountOptions, ServerOptions } from './sharing-server.js';
export type { Method, Shared, ShareOptions } from './sharing-upload.js';
