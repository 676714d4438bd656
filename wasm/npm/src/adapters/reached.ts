// Somebody reaches for a file: what the check takes can be on its way before the file is chosen.

import type { Checker } from '../guard.js';

/** A pointer that comes, the keyboard's focus, a file that is dragged in. */
const SIGNS = ['pointerenter', 'focusin', 'dragenter'] as const;

/** Prepares the guard once, at the first sign of it; not for who asks for little data. */
export function prepareWhenReached(element: Element, guard: () => Checker, signal?: AbortSignal): void {
  const seen = new AbortController();
  const reached = () => {
    seen.abort();
    if (!savesData()) guard().prepare?.();
  };
  // `AbortSignal.any` is younger than the browsers that this package runs in.
  signal?.addEventListener('abort', () => seen.abort(), { once: true });
  for (const sign of SIGNS) element.addEventListener(sign, reached, { signal: seen.signal });
}

/** What Chromium's users may ask of every page (Network Information API). */
function savesData(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  return connection?.saveData ?? false;
}
