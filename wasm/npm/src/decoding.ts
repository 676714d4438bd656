// Files to decode: by a module for MP3, by one for what is common beside it, each less than half of the one that
// decodes everything, or by that.

import * as common from '../pkg/onmon_common.js';
import * as mp3 from '../pkg/onmon_mp3.js';
import * as all from '../pkg/onmon_wasm.js';
import { Engine, type CodeFunctions, type Glue } from './engine.js';
import { OnmonError } from './errors.js';
import type { Decoder, Task } from './job.js';
import { decoderFor } from './kinds.js';
import type { ModuleFunctions } from './module.js';
import type { Platform, WasmSource } from './platform.js';
import { Slots } from './slots.js';
import { FILES_AT_ONCE, Workshop, type AnyInput, type Runs, type WorkOptions } from './work.js';

/** What a module of some kinds of files says of others, whose beginning looked like one of its own. */
const OTHERS = ['unsupported_container', 'unsupported_codec', 'unsupported_channels'];

/** A module, and the workers that run it. */
interface Part {
  engine: Engine;
  workshop: Workshop;
}

/** The modules that decode. */
export class Decoding implements Runs, CodeFunctions {
  readonly platform: Platform;
  readonly #extraction: CodeFunctions;
  readonly #parts: Record<Decoder, Part>;
  /** Whether the modules of some kinds of files lie where this package has them. */
  #hasKinds = true;
  /** Ends the warming up, which is done once at most. */
  #warming: AbortController | undefined;

  /** `extraction` is the module for who has nothing to decode. */
  constructor(platform: Platform, extraction: CodeFunctions) {
    this.platform = platform;
    this.#extraction = extraction;
    const slots = new Slots(FILES_AT_ONCE);
    const part = (decoder: Decoder, glue: Glue<ModuleFunctions>, fetchWasm: Platform['fetchWasm']): Part => {
      const engine = new Engine({ ...platform, fetchWasm }, glue);
      return { engine, workshop: new Workshop(engine, slots, decoder) };
    };
    this.#parts = {
      mp3: part('mp3', mp3, platform.fetchMp3Wasm),
      common: part('common', common, platform.fetchCommonWasm),
      all: part('all', all, platform.fetchWasm),
    };
  }

  /** Whether no file is in work. */
  get isIdle(): boolean {
    return this.#parts.all.workshop.isIdle;
  }

  /** Loads the commonest module, or, from where it is said to be, the one that decodes everything. */
  async prepare(wasm?: WasmSource, worker?: () => Worker): Promise<void> {
    if (worker) for (const { workshop } of Object.values(this.#parts)) workshop.makeWorker = worker;
    // Who says where the one is has probably not put the others anywhere.
    if (wasm !== undefined) this.#hasKinds = false;
    const { mp3, all } = this.#parts;
    await (this.#hasKinds ? mp3.engine.module() : all.engine.module(wasm));
  }

  /** Has that module read a little MP3, unless there is or was something to do; a file that comes ends it. */
  async warmUp(): Promise<void> {
    if (this.#warming) return;
    this.#warming = new AbortController();
    const { signal } = this.#warming;
    const { warmUpFile } = await import('./warm-up.js');
    const decoder = this.#hasKinds ? 'mp3' : 'all';
    const { engine, workshop } = this.#parts[decoder];
    // It takes no file's place.
    const own = new Workshop(engine, new Slots(1), decoder);
    own.makeWorker = workshop.makeWorker;
    await own.run({ kind: 'fingerprint', pictures: false }, warmUpFile(), { signal });
  }

  async run(task: Task, input: AnyInput, options?: WorkOptions): Promise<{ result: unknown; workMs: number }> {
    (this.#warming ??= new AbortController()).abort();
    const decoder = this.#hasKinds ? await decoderFor(input) : 'all';
    try {
      return await this.#parts[decoder].workshop.run(task, input, options);
    } catch (error) {
      const isOther = error instanceof OnmonError && OTHERS.includes(error.code);
      if (decoder === 'all' || !isOther) throw error;
      return this.#parts.all.workshop.run(task, input, options);
    }
  }

  /** Every module does the work on codes: the one that is here already. */
  functions(): Promise<ModuleFunctions> {
    const here = Object.values(this.#parts).find(({ engine }) => engine.isWanted);
    return (here?.engine ?? this.#extraction).functions();
  }
}
