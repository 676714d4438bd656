// One file on its way: what is known about it at any moment, which everything on the page is drawn from.

import { fingerprint, identify, type Answer, type Fingerprint, type OnmonError, type Phase } from 'onmon';

import { AT_SERVER, known } from './server';

/** Where a run stands. */
export type Stage = Phase | 'send';

/** A file, and what has come of it so far. */
export interface Run {
  readonly file: File;
  state: 'working' | 'answered' | 'failed';
  stage: Stage;
  /** Of the work on this machine, 0 to 1. */
  fraction: number;
  fingerprint?: Fingerprint;
  answer?: Answer;
  error?: OnmonError;
  totalMs?: number;
}

/** Takes a file through fingerprint and decision; `changed` is called after every step. */
export async function perform(run: Run, signal: AbortSignal, changed: () => void): Promise<void> {
  const startedMs = performance.now();
  try {
    run.fingerprint = await fingerprint(run.file, {
      signal,
      pictures: true,
      onProgress: ({ phase, fraction }) => {
        run.stage = phase;
        run.fraction = fraction;
        changed();
      },
    });
    run.stage = 'send';
    changed();
    run.answer = await identify(run.fingerprint, { ...AT_SERVER, signal });
    run.state = 'answered';
  } catch (error) {
    run.error = known(error);
    run.state = 'failed';
  }
  run.totalMs = performance.now() - startedMs;
  changed();
}
