// The page: one file at a time from drop to decision, drawn anew whenever something is known.

import { prepare } from 'onmon';

import { announceEnd, announceProgress, announceStart, say } from './announce';
import { drawAll, showCodes } from './codes';
import { showDecision, spokenOutcome } from './decision';
import { byId } from './dom';
import { acceptFiles } from './drop';
import { drawLive, hideLive } from './live';
import { language, setLanguage, share, text, type Language } from './locale';
import { perform, type Run, type Stage } from './run';
import { showSent } from './sent';
import { showShare } from './share';
import { showSteps } from './steps';

let run: Run | undefined;
let cancel = new AbortController();

acceptFiles((file, count) => void start(file, count));
byId('cancel').addEventListener('click', () => cancel.abort());
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') cancel.abort();
});
addEventListener('resize', drawAll);
addEventListener('resize', drawLive);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
for (const choice of ['en', 'ja'] as const) {
  byId(`lang-${choice}`).addEventListener('click', () => speak(choice));
}
speak(language());
// The first file should not wait for the module; if this fails, that file will say why.
prepare().catch(() => undefined);

async function start(file: File, count: number): Promise<void> {
  cancel.abort();
  cancel = new AbortController();
  const { signal } = cancel;
  const own: Run = { file, state: 'working', stage: 'load', fraction: 0 };
  run = own;
  announceStart(file.name);
  hideLive();
  if (count > 1) say(text('one', { file: file.name }));
  draw();
  await perform(own, signal, () => {
    if (run !== own) return; // another file has taken its place
    drawWork(own);
    announceProgress(own.fraction);
  });
  if (run !== own) return;
  if (own.error?.code === 'aborted') {
    run = undefined;
    say(text(own.fingerprint ? 'cancelledLate' : 'cancelled'));
  } else {
    announceEnd(spokenOutcome(own), own.answer?.decision === 'refuse');
  }
  draw();
}

function draw(): void {
  const working = run?.state === 'working';
  const ended = run !== undefined && !working;
  document.documentElement.dataset['state'] = run?.state ?? 'idle';
  document.documentElement.toggleAttribute('data-run', run !== undefined);
  const focused = document.activeElement;
  byId('working').hidden = !working;
  byId('results').hidden = !ended;
  byId('how').hidden = run !== undefined;
  byId('choose').textContent = text(run ? 'again' : 'choose');
  byId('drop-hint').textContent = run ? run.file.name : text('dropHint');
  drawLive();
  showShare(ended ? run : undefined);
  if (!run) return;
  if (working) {
    drawWork(run);
  } else {
    showDecision(run);
    showSent(run);
    showSteps(run);
    showCodes(run);
  }
  // Cancel disappears with the work: whoever stood on it goes on at the next choice.
  if (focused === byId('cancel') && !working) byId('choose').focus();
}

const STAGES: Record<Stage, Parameters<typeof text>[0]> = {
  load: 'phaseLoad',
  extract: 'phaseExtract',
  done: 'phaseSend',
  send: 'phaseSend',
};

function drawWork(current: Run): void {
  byId<HTMLProgressElement>('progress').value = current.fraction;
  byId('phase').textContent = text(STAGES[current.stage]);
  byId('percent').textContent = share(Math.floor(current.fraction * 100) / 100);
}

function speak(choice: Language): void {
  setLanguage(choice);
  for (const other of ['en', 'ja'] as const) {
    byId(`lang-${other}`).setAttribute('aria-pressed', String(other === choice));
  }
  draw();
}
