// Sealed content, in browsers and Node alike: `onmon/sealed`.

export { OnmonError } from './errors.js';
export * from './sealed.js';
