// What both entries export beside the functions.

export { OnmonError, type OnmonErrorCode, type OnmonErrorDetails } from './errors.js';
export type { PcmFormat } from './extractor.js';
export type { Essence } from './essence.js';
export type { Fingerprint, FingerprintOptions, Picture } from './fingerprint.js';
export type { Answer, Decision, IdentifyOptions, Match } from './identify.js';
export type { Inspection, Sample } from './inspect.js';
export type { Phase } from './job.js';
export type { Locale } from './messages.js';
export type { Onmon, PrepareOptions } from './onmon.js';
export type { WasmSource } from './platform.js';
export type { FoundRecording } from './recording.js';
export type { RangeSource } from './ranges.js';
export type { AnyInput, AudioInput, Progress, WorkOptions } from './work.js';
