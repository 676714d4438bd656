// What both entries of `onmon/guard` export beside the class.

export { OnmonError } from './errors.js';
export type { Checked, Checker, CheckOptions, GuardOptions } from './guard.js';
export type { Bought, IncomingOptions, Look } from './incoming.js';
