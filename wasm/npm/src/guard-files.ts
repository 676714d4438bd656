// Which files are sound by their own word, and which errors are about the file and not about the way to ask.

import type { OnmonErrorCode } from './errors.js';

/** Ends of the names of audio and video files; a type is not always there. */
const SOUND =
  /\.(mp[1-4]|m[24]a|m4[bv]|mpga|aac|flac|ogg|oga|ogv|opus|spx|wav|wave|aiff?|aifc|caf|alac|wma|wmv|asf|webm|mk[av]|mov|avi|ape|wv|tta|ac3|dts|amr|3g[p2]|ra|rm|dsf|dff)$/i;

const TYPE = /^(audio\/|video\/|application\/ogg\b)/i;

/** Errors that say that what the file holds cannot be fingerprinted. */
const ABOUT_FILE: ReadonlySet<OnmonErrorCode> = new Set([
  'empty_file',
  'unsupported_container',
  'unsupported_codec',
  'no_audio_track',
  'truncated',
  'damaged',
  'too_short',
  'too_long',
  'unsupported_rate',
  'unsupported_channels',
  'rate_changed',
  'budget_spent',
  'decoder_broke',
]);

/** Whether a file's type or name says that it is audio or video. */
export function claimsSound(file: { type: string; name?: unknown }): boolean {
  const { name } = file;
  return TYPE.test(file.type) || (typeof name === 'string' && SOUND.test(name));
}

/** Whether an error would be the same however often one asks. */
export function isAboutFile(code: OnmonErrorCode): boolean {
  return ABOUT_FILE.has(code);
}
