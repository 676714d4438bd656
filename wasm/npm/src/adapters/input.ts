// A plain `<input type="file">` that holds only what may leave: `onmon/input`.
//
// While files are checked the input is empty, so that no way of sending the form can send them; then it holds
// those that may leave, in the order in which they were chosen. Listeners of `input` and `change` hear of
// that and not of what was chosen.

import type { Checked, Checker } from '../guard.js';
import { prepareWhenReached } from './reached.js';

export { OnmonError } from '../errors.js';
export type { Checked, Checker } from '../guard.js';

/** A chosen file and what was found of it. */
export interface FileCheck {
  file: File;
  checked: Checked;
}

/** Options of `guardInput`. */
export interface GuardInputOptions {
  /** Told all that was chosen, once it is checked and the input holds what may leave. */
  onChecked?: ((files: FileCheck[]) => void) | undefined;
  /** Told the share of the work that is done, 0 to 1. */
  onProgress?: ((fraction: number) => void) | undefined;
  /** Where people are told, such as an `<output>`: best an element with `role="status"`. */
  status?: Element | null | undefined;
}

/** Guards an input from now on; the function that is returned ends that. */
export function guardInput(
  input: HTMLInputElement,
  guard: Checker,
  options: GuardInputOptions = {},
): () => void {
  const guarded = new GuardedInput(input, guard, options);
  return () => guarded.end();
}

class GuardedInput {
  readonly #input: HTMLInputElement;
  readonly #guard: Checker;
  readonly #options: GuardInputOptions;
  /** Ends the listening. */
  readonly #listening = new AbortController();
  /** Events of ours, which are let pass. */
  readonly #ours = new WeakSet<Event>();
  #work: AbortController | undefined;

  constructor(input: HTMLInputElement, guard: Checker, options: GuardInputOptions) {
    this.#input = input;
    this.#guard = guard;
    this.#options = options;
    const page = input.ownerDocument;
    const { signal } = this.#listening;
    // Before anybody else hears of it.
    for (const type of ['input', 'change']) {
      const listener = (event: Event) => this.#intercept(event);
      (page.defaultView ?? page).addEventListener(type, listener, { capture: true, signal });
    }
    const reset = ({ target }: Event) => target === input.form && this.#rest();
    page.addEventListener('reset', reset, { signal });
    prepareWhenReached(input, () => guard, signal);
  }

  end(): void {
    this.#listening.abort();
    this.#rest();
  }

  #intercept(event: Event): void {
    if (event.composedPath()[0] !== this.#input || this.#ours.has(event)) return;
    event.stopImmediatePropagation();
    if (event.type === 'change') void this.#check([...(this.#input.files ?? [])]);
  }

  async #check(chosen: File[]): Promise<void> {
    this.#rest();
    if (chosen.length === 0) return this.#announce();
    const work = (this.#work = new AbortController());
    this.#input.files = listOf([]);
    this.#input.setCustomValidity(this.#guard.say('checking'));
    this.#input.setAttribute('aria-busy', 'true');
    this.#tell(this.#guard.say('checking'));
    const files = await this.#checked(chosen, work.signal);
    // Something else was chosen meanwhile, or the form was reset.
    if (work.signal.aborted) return;
    this.#rest();
    this.#input.files = listOf(files.flatMap(({ checked }) => (checked.file as File | null) ?? []));
    this.#tell(files.map(({ file, checked }) => `${file.name}: ${checked.message}`).join('\n'));
    this.#options.onChecked?.(files);
    this.#announce();
  }

  #checked(chosen: File[], signal: AbortSignal): Promise<FileCheck[]> {
    const done = chosen.map(() => 0);
    const check = async (file: File, index: number): Promise<FileCheck> => {
      const onProgress = (fraction: number) => {
        done[index] = fraction;
        this.#options.onProgress?.(done.reduce((sum, share) => sum + share, 0) / done.length);
      };
      return { file, checked: await this.#guard.check(file, { signal, onProgress }) };
    };
    return Promise.all(chosen.map(check));
  }

  /** What a browser says when files were chosen. */
  #announce(): void {
    for (const type of ['input', 'change']) {
      const event = new Event(type, { bubbles: true, composed: type === 'input' });
      this.#ours.add(event);
      this.#input.dispatchEvent(event);
    }
  }

  #tell(words: string): void {
    if (this.#options.status) this.#options.status.textContent = words;
  }

  /** No work, and nothing that the form would have to wait for. */
  #rest(): void {
    this.#work?.abort();
    this.#work = undefined;
    this.#input.setCustomValidity('');
    this.#input.removeAttribute('aria-busy');
  }
}

function listOf(files: File[]): FileList {
  const transfer = new DataTransfer();
  files.forEach((file) => transfer.items.add(file));
  return transfer.files;
}
