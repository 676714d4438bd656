// What is said to people who do not see the page: a polite line, and an alert for a refusal alone.

import { byId } from './dom';
import { share, text } from './locale';

const STEP = 0.25;

let announced = 0;

/** Says that work on a file has begun. */
export function announceStart(file: string): void {
  announced = 0;
  byId('alert').textContent = '';
  say(text('working', { file }));
}

/** Says how far it is, at each quarter once. */
export function announceProgress(fraction: number): void {
  const quarter = Math.floor(fraction / STEP) * STEP;
  if (quarter <= announced || quarter >= 1) return;
  announced = quarter;
  say(text('percent', { percent: share(quarter) }));
}

/** Says how it ended: once, and as an alert if the recording was refused. */
export function announceEnd(sentence: string, refused: boolean): void {
  say(refused ? '' : sentence);
  byId('alert').textContent = refused ? sentence : '';
}

/** Says something politely. */
export function say(sentence: string): void {
  byId('status').textContent = sentence;
}
