// Encrypted playback by a browser's own player: `onmon/eme`.

export { OnmonError } from './errors.js';
export * from './eme.js';
