// How many files are worked on at once: the others wait in line.

import { OnmonError } from './errors.js';

/** A fixed number of places, given out first come, first served. */
export class Slots {
  readonly #count: number;
  #free: number;
  readonly #line: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
    this.#free = count;
  }

  /** Whether nobody has a place. */
  get isIdle(): boolean {
    return this.#free === this.#count;
  }

  /** Waits for a place; call what it resolves to, once, to give the place back. */
  take(signal: AbortSignal | undefined): Promise<() => void> {
    const release = () => {
      const next = this.#line.shift();
      if (next) next();
      else this.#free += 1;
    };
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve(release);
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave);
        resolve(release);
      };
      const leave = () => {
        this.#line.splice(this.#line.indexOf(enter), 1);
        reject(new OnmonError('aborted', { cause: signal?.reason }));
      };
      this.#line.push(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}
