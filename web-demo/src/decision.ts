// The decision, in words, in a shape and in a colour; and the recording it is about.

import type { Answer, Match } from 'onmon';

import { byId, make } from './dom';
import { clock, language, number, text } from './locale';
import type { Run } from './run';

/** Shows the answer of a finished run, or why there is none. */
export function showDecision(run: Run): void {
  const card = byId('decision');
  const outcome = run.answer?.decision ?? 'failed';
  card.dataset['outcome'] = outcome;
  card.dataset['recordingId'] = run.answer?.matches[0]?.recordingId ?? '';
  card.dataset['errorCode'] = run.error?.code ?? '';
  byId('decision-icon').setAttribute('href', `#icon-${outcome}`);
  byId('decision-word').textContent = text(outcome);
  byId('decision-why').textContent = why(run);
  byId('decision-rule').textContent = run.answer ? text('rule', { rule: run.answer.rule }) : errorNote(run);
  const found = recording(run);
  byId('recording').hidden = found.length === 0;
  byId('recording').replaceChildren(...found);
}

/** The outcome in one sentence, to be read out. */
export function spokenOutcome(run: Run): string {
  const decision = text(run.answer?.decision ?? 'failed');
  const match = run.answer?.matches[0];
  if (!match) return text('announceNone', { decision, why: why(run) });
  return text('announceMatch', { decision, title: title(match) });
}

function why(run: Run): string {
  if (!run.answer) return run.error?.localized(language()) ?? '';
  return text(`${run.answer.decision}Why`);
}

/** For whoever reports the error: its code, and what a server said. */
function errorNote({ error }: Run): string {
  return [error?.code, error?.status && error.detail].filter(Boolean).join(' · ');
}

function recording(run: Run): Node[] {
  const answer = run.answer;
  const match = answer?.matches[0];
  if (!match) return [];
  const heading = make('p', 'recording-title', match.title ?? text('untitled'));
  const artist = make('p', 'recording-artist', match.artist ?? '');
  return [heading, artist, make('dl', 'facts', ...facts(match, run)), ...others(answer)];
}

function facts(match: Match, run: Run): HTMLElement[] {
  const agreeing = number(match.samplesAgreeing);
  const all = number(run.fingerprint?.samples.length ?? match.samplesAgreeing);
  return [
    fact('recordingId', match.recordingId),
    ...(match.isrc ? [fact('isrc', match.isrc)] : []),
    ...(match.iswc ? [fact('iswc', match.iswc)] : []),
    fact('offset', offset(match.offsetMs)),
    fact('confidence', number(match.confidence, 2)),
    fact('samplesAgree', text('samplesOf', { agreeing, all })),
  ];
}

function fact(key: Parameters<typeof text>[0], value: string): HTMLElement {
  return make('div', 'fact', make('dt', '', text(key)), make('dd', '', value));
}

function offset(ms: number): string {
  const time = clock(Math.abs(ms));
  if (time === clock(0)) return text('offsetStart');
  return text(ms > 0 ? 'offsetInto' : 'offsetBefore', { time });
}

function others(answer: Answer): HTMLElement[] {
  const rest = answer.matches.slice(1);
  if (rest.length === 0) return [];
  return [make('p', 'note', text('alsoMatches', { titles: rest.map(title).join(', ') }))];
}

function title(match: Match): string {
  const name = match.title ?? match.recordingId;
  return match.artist ? `${name} (${match.artist})` : name;
}
