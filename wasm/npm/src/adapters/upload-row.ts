// A file's row in `<onmon-upload>`: its name, how far its check is, what was found, a button to remove it.

import type { Checked, Checker } from '../guard.js';

/** A chosen file, from its choice to its removal. */
export class Row {
  readonly file: File;
  readonly element: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly work = new AbortController();
  checked: Checked | null = null;
  readonly #progress: HTMLProgressElement;
  readonly #message: HTMLSpanElement;

  constructor(file: File, guard: Checker, onRemove: (row: Row) => void) {
    this.file = file;
    this.element = part(document.createElement('li'), 'item item-checking');
    const name = part(document.createElement('span'), 'name');
    name.textContent = file.name;
    this.#progress = part(document.createElement('progress'), 'progress');
    this.#progress.setAttribute('aria-label', `${guard.say('checking')} ${file.name}`);
    this.#message = part(document.createElement('span'), 'message');
    this.#message.hidden = true;
    this.button = part(document.createElement('button'), 'remove');
    this.button.type = 'button';
    this.button.textContent = guard.say('remove');
    this.button.setAttribute('aria-label', `${guard.say('remove')}: ${file.name}`);
    this.button.addEventListener('click', () => onRemove(this));
    this.element.append(name, this.#progress, this.#message, this.button);
  }

  tell(fraction: number): void {
    this.#progress.value = fraction;
  }

  show(checked: Checked): void {
    this.checked = checked;
    this.#progress.remove();
    this.#message.hidden = false;
    this.#message.textContent = checked.message;
    part(this.element, `item item-${checked.ok ? 'ok' : 'refused'}`);
  }
}

function part<E extends Element>(element: E, names: string): E {
  element.setAttribute('part', names);
  return element;
}
