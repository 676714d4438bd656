// The fingerprint as a picture: for each sample what was heard, and under it the codes that were made of it.

import type { Picture, Sample } from 'onmon';

import { bar, byId, make } from './dom';
import { clock, number, text } from './locale';
import { drawPicture, rangeOf, type Range } from './picture';
import type { Run } from './run';
import { drawBits, fit } from './strip';

/** How long the codes take to appear, from left to right. */
const SWEEP_MS = 1_600;

/** One sample on the page. */
interface Strip {
  codes: Uint8Array;
  longest: number;
  picture: Picture | undefined;
  range: Range;
  heard: HTMLCanvasElement;
  bits: HTMLCanvasElement;
}

let strips: Strip[] = [];
let shown: Run | undefined;
let sweep = 0;

/** Draws the codes of a run; hides the card where there are none. */
export function showCodes(run: Run): void {
  const fingerprint = run.fingerprint;
  byId('codes-card').hidden = !fingerprint;
  if (!fingerprint) return;
  const { samples, pictures, hopMs } = fingerprint;
  const count = samples.reduce((sum, sample) => sum + sample.codes.length, 0);
  const many = text(samples.length === 1 ? 'samplesOne' : 'samplesMany', { count: number(samples.length) });
  const longest = Math.max(...samples.map((sample) => sample.codes.length));
  const range = rangeOf(pictures);
  strips = samples.map(({ codes }, at) => {
    const heard = make('canvas', 'strip-heard');
    heard.setAttribute('aria-hidden', 'true');
    return { codes, longest, picture: pictures[at], range, heard, bits: make('canvas', 'strip-codes') };
  });
  byId('codes-content').replaceChildren(
    make('p', 'summary', text('codesSum', { count: number(count), samples: many, ms: number(hopMs) })),
    make('p', 'note', text('codesPicture')),
    places(samples, fingerprint.durationMs, hopMs),
    make('ol', 'strips', ...strips.map((strip, at) => row(strip, samples[at]!, at, hopMs))),
  );
  // Once a run: in another language the same picture need not be made again.
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (shown === run || calm) drawAll();
  else animate();
  shown = run;
}

/** Draws the strips for the width that they have now; also after a change of width or colours. */
export function drawAll(): void {
  cancelAnimationFrame(sweep);
  for (const strip of strips) draw(strip, 1);
}

/** Lets the codes appear under what they are made of. */
function animate(): void {
  cancelAnimationFrame(sweep);
  const startedMs = performance.now();
  const step = (nowMs: number) => {
    const share = Math.min(1, Math.max(0, (nowMs - startedMs) / SWEEP_MS));
    for (const strip of strips) draw(strip, share);
    if (share < 1) sweep = requestAnimationFrame(step);
  };
  step(startedMs);
}

function draw({ codes, longest, picture, range, heard, bits }: Strip, share: number): void {
  heard.hidden = !picture?.levels.length;
  // The picture does not change while the codes appear.
  if (picture?.levels.length && (share === 0 || share === 1) && fit(heard)) drawPicture(heard, picture, range);
  if (fit(bits)) drawBits(bits, codes, longest, Math.round(share * codes.length));
}

function row(strip: Strip, sample: Sample, at: number, hopMs: number): HTMLElement {
  const from = clock(sample.startMs);
  const to = clock(sample.startMs + sample.codes.length * hopMs);
  strip.bits.setAttribute('role', 'img');
  strip.bits.setAttribute('aria-label', text('codesStrip', { number: number(at + 1), from, to }));
  strip.heard.style.inlineSize = `${(strip.codes.length / strip.longest) * 100}%`;
  const pair = make('span', 'strip-pair', strip.heard, strip.bits);
  return make('li', 'strip', make('span', 'strip-label', `${from} – ${to}`), pair);
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
