// A media element that honours how a file was shared: `onmon/player`.

export { OnmonError } from './errors.js';
export { OnmonPlayer, type PlayerOptions, type PlayerState } from './player.js';
export type { PlayerStorage } from './player-releases.js';
export type { Offer, Price, Purchase, Recheck } from './sharing-download.js';
