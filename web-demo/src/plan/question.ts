// What the sliders say, kept in the page's address so that a case can be sent to somebody.

import type { Dispatch } from 'onmon/capacity';

import { byId } from '../dom';

/** What is asked. */
export interface Question {
  /** Seconds in which one server searches the whole catalogue, */
  serviceS: number;
  /** and those of a query that more servers do not divide. */
  fixedS: number;
  ratePerS: number;
  servers: number;
  targetS: number;
  share: number;
  dispatch: Dispatch;
}

/** The paper's own case (section 6): 5 s, six servers, 85 % busy, 10 s granted. */
export const PAPER: Question = {
  serviceS: 5,
  fixedS: 0,
  ratePerS: (0.85 * 6) / 5,
  servers: 6,
  targetS: 10,
  share: 0.95,
  dispatch: 'round-robin',
};

/**
 * Ours at 2 million songs, for a song that is not known: `onmon-server plan --measured …` in docs/capacity.md
 * prints these two times, and a test holds them to it.
 */
export const ONMON: Question = {
  serviceS: 0.06609,
  fixedS: 0.06672,
  ratePerS: 10,
  servers: 4,
  targetS: 1,
  share: 0.95,
  dispatch: 'round-robin',
};

/** Sliders of many sizes go by powers of ten: [least, most]. */
const SPANS = { service: [0.001, 20], rate: [0.01, 10_000], target: [0.01, 60] } as const;

const STEPS = 1_000;

type Span = keyof typeof SPANS;

/** Has no slider: it comes with an example or an address. */
let fixedS = 0;

/** Reads the controls. */
export function asked(): Question {
  return {
    serviceS: value('service'),
    fixedS,
    ratePerS: value('rate'),
    servers: Number(input('servers').value),
    targetS: value('target'),
    share: Number(byId<HTMLSelectElement>('share').value),
    dispatch: byId<HTMLSelectElement>('dispatch').value as Dispatch,
  };
}

/** Puts the controls where a question has them. */
export function ask({ serviceS, ratePerS, servers, targetS, share, dispatch, ...rest }: Question): void {
  fixedS = rest.fixedS;
  place('service', serviceS);
  place('rate', ratePerS);
  place('target', targetS);
  input('servers').value = String(servers);
  byId<HTMLSelectElement>('share').value = String(share);
  byId<HTMLSelectElement>('dispatch').value = dispatch;
}

/** The question of the page's address; the paper's where it says nothing. */
export function fromAddress(): Question {
  const given = new URLSearchParams(location.hash.slice(1));
  const number = (key: keyof Question) => {
    const said = Number(given.get(key));
    return Number.isFinite(said) && said > 0 ? said : (PAPER[key] as number);
  };
  return {
    serviceS: number('serviceS'),
    fixedS: given.has('serviceS') ? Number(given.get('fixedS')) || 0 : PAPER.fixedS,
    ratePerS: number('ratePerS'),
    servers: number('servers'),
    targetS: number('targetS'),
    share: isOffered('share', given.get('share')) ? number('share') : PAPER.share,
    dispatch: isOffered('dispatch', given.get('dispatch')) ? (given.get('dispatch') as Dispatch) : PAPER.dispatch,
  };
}

function isOffered(id: string, said: string | null): boolean {
  return [...byId<HTMLSelectElement>(id).options].some(({ value }) => value === said);
}

/** Writes the question into the address; the way back stays as it was. */
export function intoAddress(question: Question): void {
  const said = Object.entries(question).map(([key, value]) => [key, typeof value === 'number' ? String(Number(value.toPrecision(4))) : value]);
  history.replaceState(null, '', `#${new URLSearchParams(said)}`);
}

/** Exactly what was asked for last, which may lie between two places of a slider. */
const exact = new Map<Span, { place: string; value: number }>();

function value(id: Span): number {
  const { value: at } = input(id);
  const kept = exact.get(id);
  if (kept?.place === at) return kept.value;
  const [least, most] = SPANS[id];
  return Number((least * (most / least) ** (Number(at) / STEPS)).toPrecision(2));
}

function place(id: Span, wanted: number): void {
  const [least, most] = SPANS[id];
  const within = Math.min(most, Math.max(least, wanted));
  input(id).value = String(Math.round((STEPS * Math.log(within / least)) / Math.log(most / least)));
  exact.set(id, { place: input(id).value, value: within });
}

function input(id: string): HTMLInputElement {
  return byId<HTMLInputElement>(id);
}
