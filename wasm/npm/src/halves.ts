// A long file in two workers at once, each with half of its samples: half the wait, where there is a core for each.

import { typed, type CodeFunctions } from './engine.js';
import type { Extracted, FingerprintTask } from './job.js';
import { rising } from './rising.js';
import type { AnyInput, Progress, Runs, WorkOptions } from './work.js';

/** Files from here on, in bytes: two minutes of an MP3 at 128 kbit/s. What is shorter is read in one pass. */
const HALVED_FROM_BYTES = 2 << 20;

/** What a worker made of the file, and the wall time that it took. */
export interface Worked {
  result: Extracted;
  workMs: number;
}

/** Takes a file's samples in two workers if nothing else is in work, and in one otherwise. */
export async function extracted(
  engine: CodeFunctions,
  workshop: Runs,
  task: FingerprintTask,
  input: AnyInput,
  options: WorkOptions,
): Promise<Worked> {
  if (!isHalved(engine, workshop, input)) return (await workshop.run(task, input, options)) as Worked;
  const { signal, onProgress } = options;
  const startedMs = performance.now();
  onProgress?.({ phase: 'load', fraction: 0 });
  const tell = rising((fraction) => onProgress?.({ phase: 'extract', fraction }));
  const whole = async () =>
    (await workshop.run(task, input, { signal, onProgress: ({ fraction }) => tell(fraction) })) as Worked;
  const result = (await inHalves(engine, workshop, task, input, signal, tell)) ?? (await whole()).result;
  onProgress?.({ phase: 'done', fraction: 1 });
  return { result, workMs: performance.now() - startedMs };
}

function isHalved({ platform }: CodeFunctions, workshop: Runs, input: AnyInput): boolean {
  const isLong = input instanceof Blob && input.size >= HALVED_FROM_BYTES;
  return isLong && workshop.isIdle && platform.halvesFiles();
}

/** `null` where the halves do not fit together: a file that is not what its headers say. */
async function inHalves(
  engine: CodeFunctions,
  workshop: Runs,
  task: FingerprintTask,
  input: AnyInput,
  signal: AbortSignal | undefined,
  tell: (fraction: number) => void,
): Promise<Extracted | null> {
  const ended = new AbortController();
  const abort = () => ended.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const done = [0, 0];
  const half = async (part: 0 | 1): Promise<Extracted | null> => {
    const onProgress = ({ fraction }: Progress) => {
      done[part] = fraction;
      tell((done[0]! + done[1]!) / 2);
    };
    const { result } = await workshop.run({ ...task, part, parts: 2 }, input, { signal: ended.signal, onProgress });
    return result as Extracted | null;
  };
  try {
    const halves = [half(0), half(1)] as const;
    // Whichever fails first is heard; what ends with it says nothing new.
    halves[1].catch(() => {});
    const first = await Promise.race([halves[0], halves[1].then(() => halves[0])]);
    if (!first || first.isWhole) return first;
    const second = await halves[1];
    return second && joined(engine, first, second);
  } finally {
    signal?.removeEventListener('abort', abort);
    ended.abort();
  }
}

async function joined(engine: CodeFunctions, first: Extracted, second: Extracted): Promise<Extracted> {
  const functions = await engine.functions();
  // They ran at once: the slower one is what was waited for.
  const slower = first.decodeMs + first.extractMs > second.decodeMs + second.extractMs ? first : second;
  return {
    bytes: typed(() => functions.joinQueries(first.bytes, second.bytes)),
    codes: first.codes,
    decodeMs: slower.decodeMs,
    extractMs: slower.extractMs,
    readBytes: first.readBytes + second.readBytes,
    pictures: [...first.pictures, ...second.pictures],
    isWhole: true,
  };
}
