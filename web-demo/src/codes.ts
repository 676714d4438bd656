// The fingerprint as a picture: a strip for each sample, a column for each code, a cell for each bit.

import type { Sample } from 'onmon';

import { bar, byId, make } from './dom';
import { clock, number, text } from './locale';
import type { Run } from './run';

const BITS = 8;

/** Draws the codes of a run; hides the card where there are none. */
export function showCodes(run: Run): void {
  const fingerprint = run.fingerprint;
  byId('codes-card').hidden = !fingerprint;
  if (!fingerprint) return;
  const { samples, hopMs } = fingerprint;
  const count = samples.reduce((sum, sample) => sum + sample.codes.length, 0);
  const many = text(samples.length === 1 ? 'samplesOne' : 'samplesMany', { count: number(samples.length) });
  const longest = Math.max(...samples.map((sample) => sample.codes.length));
  const strips = samples.map((sample, at) => strip(sample, at, longest, hopMs));
  byId('codes-content').replaceChildren(
    make('p', 'summary', text('codesSum', { count: number(count), samples: many, ms: number(hopMs) })),
    places(samples, fingerprint.durationMs, hopMs),
    make('ol', 'strips', ...strips),
  );
  drawAll();
}

/** Draws the strips for the width that they have now; also after a change of width or colours. */
export function drawAll(): void {
  for (const canvas of document.querySelectorAll<HTMLCanvasElement>('.strip-codes')) draw(canvas);
}

const codesOf = new WeakMap<HTMLCanvasElement, { codes: Uint8Array; longest: number }>();

function strip(sample: Sample, at: number, longest: number, hopMs: number): HTMLElement {
  const canvas = make('canvas', 'strip-codes');
  codesOf.set(canvas, { codes: sample.codes, longest });
  const from = clock(sample.startMs);
  const to = clock(sample.startMs + sample.codes.length * hopMs);
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', text('codesStrip', { number: number(at + 1), from, to }));
  return make('li', 'strip', make('span', 'strip-label', `${from} – ${to}`), canvas);
}

function draw(canvas: HTMLCanvasElement): void {
  const content = codesOf.get(canvas);
  const pen = canvas.getContext('2d');
  if (!content || !pen) return;
  const { codes, longest } = content;
  const width = Math.round(canvas.clientWidth * devicePixelRatio);
  const height = Math.round(canvas.clientHeight * devicePixelRatio);
  if (width === 0 || height === 0) return;
  canvas.width = width;
  canvas.height = height;
  const style = getComputedStyle(canvas);
  const colours = Array.from({ length: BITS }, (_, bit) => style.getPropertyValue(`--bit-${bit}`).trim());
  for (let bit = 0; bit < BITS; bit += 1) {
    pen.fillStyle = colours[bit] ?? '';
    const top = Math.round((height * (BITS - 1 - bit)) / BITS);
    const bottom = Math.round((height * (BITS - bit)) / BITS);
    for (let at = 0; at < codes.length; at += 1) {
      if (((codes[at]! >> bit) & 1) === 0) continue;
      const left = Math.round((width * at) / longest);
      const right = Math.round((width * (at + 1)) / longest);
      pen.fillRect(left, top, Math.max(1, right - left), bottom - top);
    }
  }
}

function places(samples: Sample[], durationMs: number, hopMs: number): HTMLElement {
  const last = samples.at(-1)!;
  const whole = Math.max(durationMs, last.startMs + last.codes.length * hopMs);
  const track = make('div', 'places-track');
  for (const sample of samples) {
    track.append(bar('place', (sample.codes.length * hopMs) / whole, sample.startMs / whole));
  }
  track.setAttribute('aria-hidden', 'true');
  const label = make('p', 'note', text('codesPlaces', { duration: clock(whole) }));
  return make('div', 'places', label, track);
}
