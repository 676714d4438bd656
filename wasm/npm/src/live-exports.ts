// What both entries of `onmon/live` export beside the functions.

export { OnmonError } from './errors.js';
export type { ListenOptions, Listening, Live } from './live.js';
export type { LiveSource } from './live-audio.js';
export type { LiveRecording, LiveReport, LiveSegment } from './live-report.js';
export type { FoundRecording } from './recording.js';
export type { LiveStream, StreamOptions } from './live-stream.js';
