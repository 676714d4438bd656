// One file on its way: what is known about it at any moment, which everything on the page is drawn from.

import { fingerprint, identify, OnmonError, type Answer, type Fingerprint, type Phase } from 'onmon';

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

/** Set at build time where the server is not the page's own origin. */
const SERVER: string | undefined = import.meta.env['VITE_ONMON_SERVER'] || undefined;

/** Takes a file through fingerprint and decision; `changed` is called after every step. */
export async function perform(run: Run, signal: AbortSignal, changed: () => void): Promise<void> {
  const startedMs = performance.now();
  try {
    run.fingerprint = await fingerprint(run.file, {
      signal,
      onProgress: ({ phase, fraction }) => {
        run.stage = phase;
        run.fraction = fraction;
        changed();
      },
    });
    run.stage = 'send';
    changed();
    const server = SERVER === undefined ? {} : { server: SERVER };
    run.answer = await identify(run.fingerprint, { ...server, signal });
    run.state = 'answered';
  } catch (error) {
    run.error = error instanceof OnmonError ? error : new OnmonError('internal', { detail: String(error), cause: error });
    run.state = 'failed';
  }
  run.totalMs = performance.now() - startedMs;
  changed();
}
