// Files to decode: MP3 by a module of its own, which is less than half of the one that decodes everything.

import * as mp3 from '../pkg/onmon_mp3.js';
import * as all from '../pkg/onmon_wasm.js';
import { Engine, type CodeFunctions } from './engine.js';
import { OnmonError } from './errors.js';
import type { Task } from './job.js';
import type { ModuleFunctions } from './module.js';
import type { Platform, WasmSource } from './platform.js';
import { isRangeSource } from './ranges.js';
import { Slots } from './slots.js';
import { FILES_AT_ONCE, Workshop, audioOf, type AnyInput, type Runs, type WorkOptions } from './work.js';

/** What the module of MP3 says of other files, whose beginning looked like one. */
const OTHERS = ['unsupported_container', 'unsupported_codec'];

/** Both modules, and the workers that run them. */
export class Decoding implements Runs, CodeFunctions {
  readonly platform: Platform;
  readonly #extraction: CodeFunctions;
  readonly #mp3: Engine;
  readonly #all: Engine;
  readonly #workshops: { mp3: Workshop; all: Workshop };
  /** Whether the module of MP3 lies where this package has it. */
  #hasMp3 = true;
  /** Ends the warming up, which is done once at most. */
  #warming: AbortController | undefined;

  /** `extraction` is the module for who has nothing to decode. */
  constructor(platform: Platform, extraction: CodeFunctions) {
    this.platform = platform;
    this.#extraction = extraction;
    this.#mp3 = new Engine({ ...platform, fetchWasm: platform.fetchMp3Wasm }, mp3);
    this.#all = new Engine(platform, all);
    const slots = new Slots(FILES_AT_ONCE);
    this.#workshops = {
      mp3: new Workshop(this.#mp3, slots, 'mp3'),
      all: new Workshop(this.#all, slots, 'all'),
    };
  }

  /** Whether no file is in work. */
  get isIdle(): boolean {
    return this.#workshops.all.isIdle;
  }

  /** Loads the commoner module, or, from where it is said to be, the one that decodes everything. */
  async prepare(wasm?: WasmSource, worker?: () => Worker): Promise<void> {
    if (worker) this.#workshops.mp3.makeWorker = this.#workshops.all.makeWorker = worker;
    // Who says where the one is has probably not put the other anywhere.
    if (wasm !== undefined) this.#hasMp3 = false;
    await (this.#hasMp3 ? this.#mp3.module() : this.#all.module(wasm));
  }

  /** Has that module read a little MP3, unless there is or was something to do; a file that comes ends it. */
  async warmUp(): Promise<void> {
    if (this.#warming) return;
    this.#warming = new AbortController();
    const { signal } = this.#warming;
    const { warmUpFile } = await import('./warm-up.js');
    // It takes no file's place.
    const slots = new Slots(1);
    const workshop = this.#hasMp3 ? new Workshop(this.#mp3, slots, 'mp3') : new Workshop(this.#all, slots, 'all');
    workshop.makeWorker = this.#workshops.all.makeWorker;
    await workshop.run({ kind: 'fingerprint', pictures: false }, warmUpFile(), { signal });
  }

  async run(task: Task, input: AnyInput, options?: WorkOptions): Promise<{ result: unknown; workMs: number }> {
    (this.#warming ??= new AbortController()).abort();
    const { mp3, all } = this.#workshops;
    if (!this.#hasMp3 || !(await looksLikeMp3(input))) return all.run(task, input, options);
    try {
      return await mp3.run(task, input, options);
    } catch (error) {
      if (!(error instanceof OnmonError) || !OTHERS.includes(error.code)) throw error;
      return all.run(task, input, options);
    }
  }

  /** Every module does the work on codes: the one that is here already. */
  functions(): Promise<ModuleFunctions> {
    const here = [this.#mp3, this.#all].find((engine) => engine.isWanted);
    return (here ?? this.#extraction).functions();
  }
}

/** Bytes of an ID3v2 tag's header, and of its footer. */
const ID3_BYTES = 10;
const HAS_FOOTER = 0x10;

/**
 * Whether a frame of MPEG Layer III is where a file begins, or right behind its ID3 tag. Other kinds of files have
 * such tags too, and a reader of MP3 alone would look for frames in them.
 */
async function looksLikeMp3(input: AnyInput): Promise<boolean> {
  if (isRangeSource(input)) return false; // A look would be a request.
  const audio = audioOf(input);
  const bytesAt = async (start: number, count: number) =>
    audio instanceof Uint8Array
      ? audio.subarray(start, start + count)
      : new Uint8Array(await audio.slice(start, start + count).arrayBuffer());
  try {
    const head = await bytesAt(0, ID3_BYTES);
    return isFrame(isId3(head) ? await bytesAt(lengthOfId3(head), 2) : head);
  } catch {
    return false; // It has gone: whoever reads all of it says so.
  }
}

/** Eleven bits of sync, any version, layer III. */
function isFrame([first = 0, second = 0]: Uint8Array): boolean {
  return first === 0xff && (second & 0xe6) === 0xe2;
}

function isId3([first, second, third]: Uint8Array): boolean {
  return first === 0x49 && second === 0x44 && third === 0x33;
}

/** The tag's length, which has seven bits in each of four bytes. */
function lengthOfId3(head: Uint8Array): number {
  const content = head.subarray(6).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
  return ID3_BYTES + content + ((head[5] ?? 0) & HAS_FOOTER ? ID3_BYTES : 0);
}
