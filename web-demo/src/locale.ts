// The chosen language: its sentences and its way to write numbers.

import { TEXTS, type Texts } from './texts.js';

/** A language of the page. */
export type Language = keyof typeof TEXTS;

const STORED_UNDER = 'onmon-language';

let current: Language = firstChoice();

/** The language in use. */
export function language(): Language {
  return current;
}

/** Changes the language and writes it into the page's fixed texts. */
export function setLanguage(chosen: Language): void {
  current = chosen;
  remember(chosen);
  document.documentElement.lang = chosen;
  document.title = text('title');
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
    element.textContent = text(element.dataset['text'] as keyof Texts);
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-text-label]')) {
    element.setAttribute('aria-label', text(element.dataset['textLabel'] as keyof Texts));
  }
}

/** A sentence with its values filled in. */
export function text(key: keyof Texts, values: Record<string, string> = {}): string {
  return TEXTS[current][key].replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** 1,853 bytes. */
export function bytes(count: number): string {
  return text('bytes', { count: number(count) });
}

/** 4.32 MB, or bytes where it is under a kilobyte. */
export function size(count: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(count || 1) / 3)));
  if (step === 0) return bytes(count);
  const options = { style: 'unit', unit: units[step]!, maximumSignificantDigits: 3 } as const;
  return new Intl.NumberFormat(current, options).format(count / 1000 ** step);
}

/** A number with its thousands marked. */
export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(current, { maximumFractionDigits: digits }).format(value);
}

/** 0.043 %. */
export function share(part: number): string {
  const options = { style: 'percent', maximumSignificantDigits: 2 } as const;
  return new Intl.NumberFormat(current, options).format(part);
}

/** 174 ms, or 1.74 s. */
export function span(ms: number): string {
  const [value, unit] = ms < 1_000 ? [ms, 'millisecond' as const] : [ms / 1_000, 'second' as const];
  const digits = unit === 'second' || ms < 10 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 };
  return new Intl.NumberFormat(current, { style: 'unit', unit, ...digits }).format(value);
}

/** 4:07, as players show a position. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function firstChoice(): Language {
  try {
    const stored = localStorage.getItem(STORED_UNDER);
    if (stored === 'en' || stored === 'ja') return stored;
  } catch {
    // Storage may be forbidden; the browser's language will do.
  }
  return /^ja\b/i.test(navigator.language) ? 'ja' : 'en';
}

function remember(chosen: Language): void {
  try {
    localStorage.setItem(STORED_UNDER, chosen);
  } catch {
    // As above: it is then asked anew each visit.
  }
}
