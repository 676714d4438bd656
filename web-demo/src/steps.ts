// How long each step took.

import { bar, byId, make } from './dom';
import { span, text } from './locale';
import type { Run } from './run';

/** Shows the times of a run; hides the card where nothing was timed. */
export function showSteps(run: Run): void {
  const steps = stepsOf(run);
  byId('steps-card').hidden = steps.length === 0;
  if (steps.length === 0) return;
  const total = steps.reduce((sum, step) => sum + step.ms, 0);
  let before = 0;
  const rows = steps.map(({ key, ms }) => {
    const row = make(
      'li',
      'step',
      make('span', 'step-name', text(key)),
      make('span', 'step-ms', span(ms)),
      bar(`bar-${key}`, ms / total, before / total),
    );
    before += ms;
    return row;
  });
  const sum = run.answer ? text('stepSum', { total: span(run.totalMs ?? total) }) : '';
  byId('steps-content').replaceChildren(make('p', 'summary', sum), make('ol', 'steps', ...rows));
}

type StepKey = 'stepLoad' | 'stepDecode' | 'stepExtract' | 'stepSend' | 'stepMatch';

function stepsOf(run: Run): { key: StepKey; ms: number }[] {
  const { fingerprint, answer } = run;
  if (!fingerprint) return [];
  const { load, decode, extract } = fingerprint.ms;
  const here = [
    { key: 'stepLoad' as const, ms: load },
    { key: 'stepDecode' as const, ms: decode },
    { key: 'stepExtract' as const, ms: extract },
  ];
  if (!answer) return here;
  const { request, match } = answer.ms;
  return [
    ...here,
    { key: 'stepSend', ms: Math.max(0, request - match) },
    { key: 'stepMatch', ms: match },
  ];
}
