// The page listens by itself: what plays in the room becomes codes, and the server says what it hears.

import type { OnmonError } from 'onmon';
import { listen, type LiveReport, type LiveSegment, type Listening } from 'onmon/live';

import { say } from './announce';
import { byId, make } from './dom';
import { bytes, clock, language, number, text } from './locale';
import { AT_SERVER, known } from './server';
import { drawBits, fit } from './strip';

/** Codes that the moving strip shows: 20 s. */
const SHOWN_CODES = 400;

let state: 'idle' | 'starting' | 'listening' | 'ended' = 'idle';
let listening: Listening | undefined;
let report: LiveReport | null = null;
let error: OnmonError | undefined;
let codes: number[] = [];
let heard = 0;
let said = '';

byId('listen').addEventListener('click', () => void (state === 'listening' ? stop() : start()));

/** Begins to listen to the microphone. */
async function start(): Promise<void> {
  if (state === 'starting') return;
  [state, report, error, codes, heard, said] = ['starting', null, undefined, [], 0, ''];
  drawLive();
  try {
    listening = await listen('microphone', { ...AT_SERVER, onCodes, onReport, onError, onEnd });
    state = 'listening';
  } catch (cause) {
    error = known(cause);
    state = 'ended';
  }
  drawLive();
}

/** Ends it and shows what was heard in all. */
async function stop(): Promise<void> {
  if (!listening) return;
  const ending = listening;
  listening = undefined;
  state = 'ended';
  drawLive();
  try {
    report = await ending.stop();
  } catch (cause) {
    error = known(cause);
  }
  drawLive();
}

function onCodes(fresh: Uint8Array): void {
  codes = [...codes, ...fresh].slice(-SHOWN_CODES);
  heard += fresh.length;
  drawStrip();
}

function onReport(latest: LiveReport): void {
  [report, error] = [latest, undefined];
  const now = latest.segments.at(-1)?.recording?.title ?? '';
  if (now && now !== said) say(text('liveHeard', { title: now }));
  said = now || said;
  drawLive();
}

function onError(cause: OnmonError): void {
  error = cause;
  drawLive();
}

function onEnd(): void {
  listening = undefined;
  state = 'ended';
  drawLive();
}

/** Makes room for a file, unless it is still listening. */
export function hideLive(): void {
  if (state === 'ended') state = 'idle';
  drawLive();
}

/** Draws the card of what is heard; also in another language. */
export function drawLive(): void {
  document.documentElement.dataset['live'] = state;
  byId('live-card').hidden = state === 'idle';
  byId('listen').textContent = text(state === 'listening' ? 'liveStop' : 'liveStart');
  byId('live-state').textContent = error?.localized(language()) ?? text(state === 'ended' ? 'liveEnded' : 'liveListening');
  const sent = { bytes: bytes(report?.sentBytes ?? 0), codes: number(heard) };
  byId('live-sent').textContent = text('liveSent', sent);
  const segments = report?.segments ?? [];
  byId('live-segments').replaceChildren(...segments.map(segmentRow).reverse());
  drawStrip();
}

function drawStrip(): void {
  const canvas = byId<HTMLCanvasElement>('live-strip');
  if (fit(canvas)) drawBits(canvas, codes, SHOWN_CODES);
}

function segmentRow({ fromMs, toMs, decision, recording, growing }: LiveSegment): HTMLElement {
  const goesOn = growing && state === 'listening';
  const time = `${clock(fromMs)} – ${goesOn ? '…' : clock(toMs)}`;
  const title = recording ? (recording.title ?? recording.recordingId) : text('liveUnknown');
  const artist = recording?.artist ? make('span', 'note', recording.artist) : '';
  const row = make('li', 'segment', make('span', 'strip-label', time), make('span', 'segment-title', title, ' ', artist));
  if (recording) row.append(make('span', 'segment-decision', text(decision)));
  row.dataset['outcome'] = recording ? decision : 'none';
  return row;
}
