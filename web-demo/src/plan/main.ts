// The planning page: sliders in, waits out. The maths is the package's; here it is only asked and shown.

import { capacityModel, OnmonError, type CapacityModel, type FarmRow } from 'onmon/capacity';

import { byId, make } from '../dom';
import { language, number, setLanguage, share, span, text, type Language } from '../locale';
import { drawPlots } from './plots';
import { ask, asked, fromAddress, intoAddress, ONMON, PAPER, type Question } from './question';

/** Answers that were begun; the last one is shown. */
let asking = 0;

for (const id of ['service', 'rate', 'servers', 'target', 'share', 'dispatch']) {
  byId(id).addEventListener('input', () => void answer());
}
byId('preset-paper').addEventListener('click', () => show(PAPER));
byId('preset-onmon').addEventListener('click', () => show(ONMON));
for (const choice of ['en', 'ja'] as const) byId(`lang-${choice}`).addEventListener('click', () => speak(choice));
addEventListener('resize', () => void answer());
addEventListener('hashchange', () => show(fromAddress()));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => void answer());
ask(fromAddress());
speak(language());

function speak(choice: Language): void {
  setLanguage(choice);
  document.title = text('planTitle');
  for (const other of ['en', 'ja'] as const) {
    byId(`lang-${other}`).setAttribute('aria-pressed', String(other === choice));
  }
  void answer();
}

function show(question: Question): void {
  ask(question);
  void answer();
}

async function answer(): Promise<void> {
  const turn = (asking += 1);
  const question = asked();
  tellControls(question);
  const { serviceS: wholeS, fixedS, dispatch } = question;
  const model = await capacityModel({ wholeS, fixedS, dispatch }).catch(tellFault);
  if (!model || turn !== asking) return;
  const rows = model.shapes(question.servers, question.ratePerS, question.share);
  tellPromise(question, rows);
  tellCheapest(model, question);
  byId('loads-note').textContent = text('planLoadsNote', { share: share(question.share), load: share(rows[0]!.load) });
  drawPlots(model, question, rows);
  byId('shapes').replaceChildren(...table(question, rows));
  intoAddress(question);
  document.documentElement.dataset['answered'] = String(turn);
}

function tellControls({ serviceS, fixedS, ratePerS, servers, targetS }: Question): void {
  const slow = ratePerS < 0.1;
  const rate = number(slow ? ratePerS * 60 : ratePerS, ratePerS < 10 ? 2 : 0);
  const values = {
    service: span(serviceS * 1_000),
    rate: text(slow ? 'planRatePerMinute' : 'planRatePer', { rate }),
    servers: count(servers),
    target: span(targetS * 1_000),
  };
  const fixed = span(fixedS * 1_000);
  byId('service-note').textContent = fixedS > 0 ? text('planServiceFixed', { fixed }) : '';
  for (const [id, value] of Object.entries(values)) {
    byId(`${id}-value`).textContent = value;
    byId(id).setAttribute('aria-valuetext', value);
  }
}

function tellFault(error: unknown): undefined {
  byId('promise').textContent = '–';
  byId('promise-more').textContent = error instanceof OnmonError ? error.localized(language()) : String(error);
}

function tellPromise(question: Question, rows: FarmRow[]): void {
  const able = rows.filter(({ atShareS }) => atShareS !== undefined);
  const best = able.sort((a, b) => a.atShareS! - b.atShareS!)[0];
  if (!best) {
    byId('promise').textContent = text('planOverloaded', { servers: count(question.servers) });
    byId('promise-more').textContent = text('planOverloadedMore');
    return;
  }
  byId('promise').textContent = text('planPromiseIs', { time: span(best.meanS! * 1_000) });
  byId('promise-more').textContent = text('planPromiseMore', { ...about(question, best), mean: span(best.meanS! * 1_000) });
}

function tellCheapest(model: CapacityModel, question: Question): void {
  const { ratePerS, targetS, share: part } = question;
  let found: FarmRow;
  try {
    found = model.cheapest({ ratePerS, targetS, share: part });
  } catch (error) {
    byId('cheapest').textContent = '–';
    byId('cheapest-more').textContent = error instanceof OnmonError ? error.localized(language()) : String(error);
    return;
  }
  byId('cheapest').textContent = text('planCheapestIs', { servers: count(found.parts * found.groups) });
  byId('cheapest-more').textContent = text('planCheapestMore', { ...about(question, found), load: share(found.load) });
}

function about(question: Question, row: FarmRow): Record<string, string> {
  return {
    shape: text('planShape', { parts: number(row.parts), groups: number(row.groups) }),
    share: share(question.share),
    most: span(row.atShareS! * 1_000),
  };
}

function table(question: Question, rows: FarmRow[]): Node[] {
  const part = share(question.share);
  const heads = [
    text('planColumnShape'),
    text('planColumnLoad'),
    text('planColumnService'),
    text('planColumnMean'),
    text('planColumnSigma'),
    text('planColumnShare', { share: part }),
    text('planColumnDown'),
  ].map((head) => {
    const cell = make('th', '', head);
    cell.scope = 'col';
    return cell;
  });
  const body = rows.map((row) => {
    const time = (seconds: number | undefined) => (seconds === undefined ? text('planTooMuch') : span(seconds * 1_000));
    const head = make('th', '', `${number(row.parts)} × ${number(row.groups)}`);
    head.scope = 'row';
    const cells = [share(row.load), time(row.serviceS), time(row.meanS), time(row.meanPlus2SigmaS), time(row.atShareS), down(row, part)];
    return make('tr', '', head, ...cells.map((cell) => make('td', '', cell)));
  });
  return [make('thead', '', make('tr', '', ...heads)), make('tbody', '', ...body)];
}

function down({ oneDown }: FarmRow, part: string): string {
  const load = share(oneDown.load);
  if (oneDown.missing > 0) return text('planDownMissing', { share: share(oneDown.missing) });
  if (oneDown.atShareS === undefined) return text('planDownOver', { load });
  return text('planDownLoad', { load, share: part, most: span(oneDown.atShareS * 1_000) });
}

function count(servers: number): string {
  return text(servers === 1 ? 'planServersOne' : 'planServersMany', { count: number(servers) });
}
