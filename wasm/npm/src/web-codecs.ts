// The browser's decoder of packets (WebCodecs), in our worker, for codecs that this package has no decoder for:
// surround AAC, AC-3. Our own reader takes the file apart, so nothing but a second of it is in memory at a time.

import * as all from '../pkg/onmon_wasm.js';
import type { Extracted, Job, Report } from './job.js';
import { interleaved } from './pcm-fingerprint.js';
import { rising } from './rising.js';

/** What our decoders say of a file whose packets another one may read. */
const NOT_OURS = ['unsupported_codec', 'unsupported_channels'];

/** Packets that wait for the decoder, at most: about a second. */
const QUEUED_MAX = 48;

/** Steps in which progress is told: packets are many more. */
const STEPS = 100;

/** Waited for it at most before it is asked again. */
const PATIENCE_MS = 50;

/** Whether the browser may do what a job has failed at. */
export function mayHelp({ decoder, input, task }: Job, report: Report): boolean {
  const isNotOurs = report.type === 'failed' && NOT_OURS.includes(report.code);
  const isFile = decoder === 'all' && task.kind === 'fingerprint' && input instanceof Blob;
  return isNotOurs && isFile && typeof AudioDecoder !== 'undefined';
}

/**
 * The fingerprint of a file of the browser's codecs, from all of it; `failure` where it does not decode it either.
 * Of several parts the first has all samples.
 */
export async function helped(job: Job, failure: Report, tell: (report: Report) => void): Promise<Report> {
  if (job.task.kind !== 'fingerprint') return failure;
  if (job.task.part) return { type: 'done', result: null };
  try {
    const result = await decoded(job.input as Blob, job.name, job.task.seed, tell);
    return result ? { type: 'done', result } : failure;
  } catch {
    return failure; // The error of our own decoder says more.
  }
}

async function decoded(
  file: Blob,
  name: string,
  seed: bigint | undefined,
  tell: (report: Report) => void,
): Promise<Extracted | null> {
  const startedMs = performance.now();
  const packets = new all.Packets(file, name);
  const config = packets.config();
  if (!(await AudioDecoder.isConfigSupported(config)).supported) return null;
  const heard = new Heard();
  const onProgress = rising((fraction) => tell({ type: 'progress', fraction }));
  let broken: unknown;
  const decoder = new AudioDecoder({
    output: (audio) => {
      try {
        heard.take(audio);
      } catch (error) {
        broken ??= error;
      } finally {
        audio.close();
      }
    },
    error: (error) => (broken ??= error),
  });
  decoder.configure(config);
  for (let packet = packets.next(); packet; packet = packets.next()) {
    decoder.decode(new EncodedAudioChunk({ type: 'key', ...packet }));
    while (decoder.decodeQueueSize > QUEUED_MAX && broken === undefined) await dequeued(decoder);
    if (broken !== undefined) throw broken;
    onProgress(Math.floor(STEPS * packets.share()) / STEPS);
  }
  await decoder.flush();
  if (broken !== undefined) throw broken;
  const { codes, margins, extractMs, durationMs } = heard;
  return {
    bytes: all.queryFromCodes(Uint8Array.from(codes), margins, durationMs, seed),
    codes: codes.length,
    decodeMs: performance.now() - startedMs - extractMs,
    extractMs,
    readBytes: packets.readBytes(),
    pictures: [],
    isWhole: true,
    decodedBy: 'browser',
  };
}

/** What has come out of the decoder so far, as codes. */
class Heard {
  readonly codes: number[] = [];
  extractMs = 0;
  #frames = 0;
  #format: { sampleRate: number; channels: number; extractor: all.Extractor } | undefined;

  take(audio: AudioData): void {
    const startedMs = performance.now();
    const { numberOfFrames: frames, numberOfChannels: channels, sampleRate } = audio;
    this.#format ??= { sampleRate, channels, extractor: new all.Extractor(sampleRate, channels) };
    if (this.#format.sampleRate !== sampleRate || this.#format.channels !== channels) {
      throw new Error('rate or channels change within the file');
    }
    const planes = Array.from({ length: channels }, (_, planeIndex) => {
      const plane = new Float32Array(frames);
      audio.copyTo(plane, { planeIndex, format: 'f32-planar' });
      return plane;
    });
    for (const code of this.#format.extractor.pushF32(interleaved(planes, 0, frames))) this.codes.push(code);
    this.#frames += frames;
    this.extractMs += performance.now() - startedMs;
  }

  get margins(): Uint8Array | undefined {
    return this.#format?.extractor.margins();
  }

  get durationMs(): number {
    return this.#format ? Math.round((this.#frames / this.#format.sampleRate) * 1_000) : 0;
  }
}

/** Resolves when the decoder has taken a packet, or after a while: not every browser says so. */
function dequeued(decoder: AudioDecoder): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    decoder.addEventListener(
      'dequeue',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
