// `<onmon-upload>`: a file input of a form that holds only what may leave. `onmon/upload`.
//
//   <onmon-upload name="songs" multiple required server="https://..."></onmon-upload>
//
// Attributes: `name`, `multiple`, `required`, `disabled`, `accept` as of `<input type="file">`; `server`,
// `method` as of a guard. Properties: `guard`, or `token` for the guard that it makes itself; `files`, what
// may leave. Events: `change`, and `onmon-checked` with `{ file, checked }` for each file. Parts: `zone`,
// `button`, `list`, `item` (`item-checking`, `item-ok`, `item-refused`), `name`, `progress`, `message`,
// `remove`, `status`, `alert`. Custom properties: `--onmon-accent`, `--onmon-border`, `--onmon-refused`,
// `--onmon-radius`.

import type { Checked, Checker } from '../guard.js';
import { Guard } from '../guard-browser.js';
import type { TokenSource } from '../server.js';
import type { Method } from '../sharing-upload.js';
import { prepareWhenReached } from './reached.js';
import { Row } from './upload-row.js';
import { style } from './upload-style.js';

export { OnmonError } from '../errors.js';
export type { Checked, Checker } from '../guard.js';

/** Detail of the event `onmon-checked`. */
export interface CheckedDetail {
  file: File;
  checked: Checked;
}

// Where there is no browser the class can be imported all the same.
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/** Makes the element known to the page, once. */
export function defineUpload(name = 'onmon-upload'): void {
  if (!customElements.get(name)) customElements.define(name, OnmonUpload);
}

/** The element's class. */
export class OnmonUpload extends Base {
  static readonly formAssociated = true;
  static readonly observedAttributes = ['multiple', 'accept', 'required', 'server', 'method'];

  #token: TokenSource | undefined;
  readonly #internals = this.attachInternals();
  readonly #rows = new Set<Row>();
  readonly #input = document.createElement('input');
  readonly #button = document.createElement('button');
  readonly #zone = document.createElement('div');
  readonly #list = document.createElement('ul');
  readonly #status = document.createElement('p');
  readonly #alert = document.createElement('p');
  #guard: Checker | undefined;
  /** The guard is of the page, not of the element's attributes. */
  #isGiven = false;

  constructor() {
    super();
    const parts = { zone: this.#zone, button: this.#button, list: this.#list, status: this.#status, alert: this.#alert };
    Object.entries(parts).forEach(([name, element]) => element.setAttribute('part', name));
    this.#status.setAttribute('role', 'status');
    this.#alert.setAttribute('role', 'alert');
    this.#input.type = 'file';
    this.#input.hidden = true;
    this.#button.type = 'button';
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.adoptedStyleSheets = [style()];
    this.#zone.append(this.#button, this.#input);
    root.append(this.#zone, this.#list, this.#status, this.#alert);
    this.#listen();
  }

  connectedCallback(): void {
    // What a page has set before the element was defined lies before the accessors.
    this.#takeOver('token');
    this.#takeOver('guard');
    this.#button.textContent = this.guard.say('choose');
    this.#validate();
  }

  attributeChangedCallback(name: string): void {
    this.#input.multiple = this.multiple;
    this.#input.accept = this.getAttribute('accept') ?? '';
    if (!this.#isGiven && (name === 'server' || name === 'method')) this.#guard = undefined;
    this.#validate();
  }

  formDisabledCallback(disabled: boolean): void {
    this.#button.disabled = disabled;
  }

  formResetCallback(): void {
    this.#clear();
    this.#settle();
  }

  /** What checks the files: one of the page, or the element's own, for `server`, `method` and `token`. */
  get guard(): Checker {
    this.#guard ??= new Guard({
      server: this.getAttribute('server') ?? undefined,
      method: (this.getAttribute('method') ?? undefined) as Method | undefined,
      token: this.token,
      language: this.closest<HTMLElement>('[lang]')?.lang,
    });
    return this.#guard;
  }

  set guard(guard: Checker) {
    this.#guard = guard;
    this.#isGiven = true;
    this.#button.textContent = guard.say('choose');
  }

  /** The account of the guard that the element makes itself. */
  get token(): TokenSource | undefined {
    return this.#token;
  }

  set token(token: TokenSource | undefined) {
    this.#token = token;
    if (!this.#isGiven) this.#guard = undefined;
  }

  #takeOver(name: 'token' | 'guard'): void {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete (this as { token?: unknown; guard?: unknown })[name];
    if (value !== undefined) Object.assign(this, { [name]: value });
  }

  /** What may leave, in the order in which it was chosen. */
  get files(): File[] {
    return [...this.#rows].flatMap(({ checked }) => (checked?.file as File | null | undefined) ?? []);
  }

  get name(): string {
    return this.getAttribute('name') ?? '';
  }

  get multiple(): boolean {
    return this.hasAttribute('multiple');
  }

  get form(): HTMLFormElement | null {
    return this.#internals.form;
  }

  get validity(): ValidityState {
    return this.#internals.validity;
  }

  get validationMessage(): string {
    return this.#internals.validationMessage;
  }

  checkValidity(): boolean {
    return this.#internals.checkValidity();
  }

  reportValidity(): boolean {
    return this.#internals.reportValidity();
  }

  /** Checks these files, beside those that are there or, unless `multiple`, in their place. */
  async add(files: Iterable<File>): Promise<void> {
    const chosen = this.multiple ? [...files] : [...files].slice(0, 1);
    if (chosen.length === 0) return;
    if (!this.multiple) this.#clear();
    const { guard } = this;
    const rows = chosen.map((file) => new Row(file, guard, (row) => this.#remove(row)));
    rows.forEach((row) => {
      this.#rows.add(row);
      this.#list.append(row.element);
    });
    this.#status.textContent = `${guard.say('checking')} ${chosen.map(({ name }) => name).join(', ')}`;
    this.#validate();
    await Promise.all(rows.map((row) => this.#check(row, guard)));
  }

  async #check(row: Row, guard: Checker): Promise<void> {
    const { file, work } = row;
    const onProgress = (fraction: number) => row.tell(fraction);
    const checked = await guard.check(file, { signal: work.signal, onProgress });
    if (!this.#rows.has(row)) return;
    row.show(checked);
    // Once each, and a refusal at once: WCAG 4.1.3.
    const words = `${file.name}: ${checked.message}`;
    if (checked.ok) this.#status.textContent = words;
    else this.#alert.textContent = words;
    const detail: CheckedDetail = { file, checked };
    this.dispatchEvent(new CustomEvent('onmon-checked', { bubbles: true, detail }));
    this.#settle();
  }

  #remove(row: Row): void {
    const rows = [...this.#rows];
    const next = rows[rows.indexOf(row) + 1] ?? rows[rows.indexOf(row) - 1];
    row.work.abort();
    row.element.remove();
    this.#rows.delete(row);
    // The focus was on what is gone.
    (next?.button ?? this.#button).focus();
    this.#settle();
  }

  #clear(): void {
    this.#rows.forEach((row) => {
      row.work.abort();
      row.element.remove();
    });
    this.#rows.clear();
    this.#input.value = '';
    this.#status.textContent = '';
    this.#alert.textContent = '';
  }

  /** The form's data and validity follow the rows. */
  #settle(): void {
    const { files, name } = this;
    const data = new FormData();
    files.forEach((file) => data.append(name, file));
    this.#internals.setFormValue(name && files.length > 0 ? data : null);
    this.#validate();
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }

  #validate(): void {
    const isChecking = [...this.#rows].some(({ checked }) => checked === null);
    const isMissing = this.hasAttribute('required') && this.files.length === 0;
    const message = isChecking ? 'checking' : 'required';
    if (isChecking || isMissing) {
      const flags = isChecking ? { customError: true } : { valueMissing: true };
      this.#internals.setValidity(flags, this.guard.say(message), this.#button);
    } else this.#internals.setValidity({});
  }

  #listen(): void {
    prepareWhenReached(this, () => this.guard);
    this.#button.addEventListener('click', () => this.#input.click());
    this.#input.addEventListener('change', () => {
      const files = [...(this.#input.files ?? [])];
      // The same file can be chosen again.
      this.#input.value = '';
      void this.add(files);
    });
    const over = (isOver: boolean) => (event: Event) => {
      event.preventDefault();
      this.#zone.setAttribute('part', isOver && !this.#button.disabled ? 'zone zone-over' : 'zone');
    };
    this.#zone.addEventListener('dragenter', over(true));
    this.#zone.addEventListener('dragover', over(true));
    this.#zone.addEventListener('dragleave', over(false));
    this.#zone.addEventListener('drop', (event) => {
      over(false)(event);
      if (!this.#button.disabled) void this.add(event.dataTransfer?.files ?? []);
    });
  }
}
