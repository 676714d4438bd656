// What both entries of `onmon/tag` export beside the functions.

export { OnmonError } from './errors.js';
export type { FoundTag, KeySet, Release, Tag, Tags } from './tag.js';
