// A WebAssembly module: compiled once, lent to every worker, and started here for work without a file.

import { OnmonError, errorFromModule } from './errors.js';
import type { ModuleFunctions } from './module.js';
import type { Platform, WasmSource } from './platform.js';

/** The JavaScript that wasm-bindgen makes around a module. */
export type Glue<Functions> = Functions & { initSync(start: { module: WebAssembly.Module }): unknown };

/** What gives the functions that work on codes and PCM. */
export interface CodeFunctions {
  readonly platform: Platform;
  functions(): Promise<ModuleFunctions>;
}

/** One platform with its compiled module. Nothing happens before the first call. */
export class Engine<Functions = ModuleFunctions> {
  readonly platform: Platform;
  readonly #glue: Glue<Functions>;
  #compiled: Promise<WebAssembly.Module> | undefined;
  #started = false;

  constructor(platform: Platform, glue: Glue<Functions>) {
    this.platform = platform;
    this.#glue = glue;
  }

  /** The compiled module; a failure is not kept, so that the next call tries again. */
  module(source?: WasmSource): Promise<WebAssembly.Module> {
    if (!this.#compiled || source !== undefined) {
      const compiled = compile(source ?? this.platform.fetchWasm());
      this.#compiled = compiled;
      compiled.catch(() => {
        if (this.#compiled === compiled) this.#compiled = undefined;
      });
    }
    return this.#compiled;
  }

  /** Whether the module is here, or on its way. */
  get isWanted(): boolean {
    return this.#compiled !== undefined;
  }

  /** The module's functions in this thread: for PCM and for wire bytes, which take no time. */
  async functions(): Promise<Functions> {
    const module = await this.module();
    if (!this.#started) {
      this.#glue.initSync({ module });
      this.#started = true;
    }
    return this.#glue;
  }
}

/** Runs a function of the module, turning its `{code, message}` into an `OnmonError`. */
export function typed<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    const refusal = thrown as { code?: unknown; message?: unknown };
    if (typeof refusal?.code === 'string' && !(thrown instanceof Error)) {
      throw errorFromModule(refusal.code, String(refusal.message));
    }
    throw new OnmonError('internal', { detail: String(thrown), cause: thrown });
  }
}

async function compile(
  source: WasmSource | Promise<Response | Uint8Array>,
): Promise<WebAssembly.Module> {
  try {
    const given = await source;
    if (given instanceof WebAssembly.Module) return given;
    if (typeof given === 'string' || given instanceof URL) return await fromResponse(await fetch(given));
    if (given instanceof Response) return await fromResponse(given);
    return await WebAssembly.compile(given as BufferSource);
  } catch (error) {
    throw error instanceof OnmonError ? error : loadError(error);
  }
}

async function fromResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) {
    const detail = `${response.url} answered ${response.status}`;
    throw new OnmonError('wasm_unavailable', { detail, status: response.status });
  }
  if (response.headers.get('content-type')?.startsWith('application/wasm')) {
    return WebAssembly.compileStreaming(response);
  }
  const bytes = await response.arrayBuffer();
  if (new Uint8Array(bytes)[0] !== 0) {
    // A development server that answers every unknown path with index.html.
    const detail = `${response.url} is not WebAssembly but ${response.headers.get('content-type')}`;
    throw new OnmonError('wasm_unavailable', { detail });
  }
  return WebAssembly.compile(bytes);
}

function loadError(error: unknown): OnmonError {
  const detail = String(error);
  const blocked = /content security policy|unsafe-eval|blocked by csp/i.test(detail);
  return new OnmonError(blocked ? 'csp_blocked' : 'wasm_unavailable', { detail, cause: error });
}
