// Asks the server every few seconds and shows what it says.

import { bars } from './plot.js';
import { text, translate } from './texts.js';

const REFRESH_MS = 5_000;
const TOKEN = 'onmon-operator-token';
const DECISIONS = ['permit', 'unknown_share', 'unregistered', 'refuse'];

const form = document.querySelector('#sign-in');
const board = document.querySelector('#board');
const state = document.querySelector('#state');
let token = sessionStorage.getItem(TOKEN) ?? '';
let timer;

class Refused extends Error {}

translate(document);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  token = document.querySelector('#token').value.trim();
  refresh();
});
document.querySelector('#sign-out').addEventListener('click', signOut);
if (token) refresh();

async function refresh() {
  clearTimeout(timer);
  if (board.hidden) say(text('loading'));
  try {
    const [summary, days, top] = await Promise.all([
      ask('/v1/operator/summary'),
      ask('/v1/operator/days?days=30'),
      ask('/v1/operator/top'),
    ]);
    sessionStorage.setItem(TOKEN, token);
    show(summary, days, top);
  } catch (error) {
    if (error instanceof Refused) return signOut(text('refused'));
    say(text('unreachable'), true);
  }
  timer = setTimeout(refresh, REFRESH_MS);
}

async function ask(path) {
  const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
  if (answer.status === 401 || answer.status === 403) throw new Refused();
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

function signOut(words) {
  clearTimeout(timer);
  sessionStorage.removeItem(TOKEN);
  token = '';
  form.hidden = false;
  board.hidden = true;
  document.querySelector('#token').value = '';
  document.querySelector('#token').focus();
  say(typeof words === 'string' ? words : '', typeof words === 'string');
}

function show(summary, days, top) {
  const isFirst = board.hidden;
  form.hidden = true;
  board.hidden = false;
  // The button that had the focus is gone: whoever uses the keyboard goes on from here.
  if (isFirst) board.focus();
  say(`${text('asOf')} ${new Date(summary.now_ms).toLocaleString(navigator.language)}`);
  tiles(summary);
  const names = days.map((day) => day.day);
  const decided = DECISIONS.map((name) => ({
    name, label: text(name), values: days.map((day) => day.decisions[name] ?? 0),
  }));
  bars(document.querySelector('#decisions'), names, decided, count, text('nothing'));
  const one = (label, values) => [{ name: 'bar', label, values }];
  const downloads = one(text('downloads'), days.map((day) => day.downloads));
  bars(document.querySelector('#downloads'), names, downloads, count, text('nothing'));
  const charged = one(text('yen'), days.map((day) => day.charged.sen / 100));
  bars(document.querySelector('#money'), names, charged, yen, text('nothing'));
  rows('#books', [[text('account')], [text('yen'), 'number']], summary.books.map(
    (line) => [[text(line.kind)], [yen(line.balance.sen / 100), 'number']],
  ));
  rows('#top', [[text('title')], [text('recording')], [text('uploads'), 'number'], [text('downloads'), 'number']],
    top.map((line) => [
      [[line.title, line.artist].filter(Boolean).join(' – ') || '–'],
      [line.recording_id],
      [count(line.uploads), 'number'],
      [count(line.downloads), 'number'],
    ]));
}

function tiles(summary) {
  const ledger = summary.ledger_is_sound ? 'sound' : 'unsound';
  const checked = new Date(summary.ledger_checked_ms).toLocaleTimeString(navigator.language);
  const shown = [
    ['uploads', count(summary.uploads)],
    ['downloads', count(summary.downloads)],
    ['refunds', count(summary.refunds)],
    ['charged', yen(summary.charged.sen / 100)],
    ['held', yen(summary.held.sen / 100)],
    ['recordings', count(summary.recordings)],
    ['unknown', count(summary.unknown)],
    ['revoked', count(summary.revoked)],
    ['auditLines', count(summary.audit_lines)],
    ['ledger', text(ledger), ledger, `${text('checked')} ${checked}`],
  ];
  document.querySelector('#tiles').replaceChildren(...shown.map(([name, value, className, note]) => {
    const tile = document.createElement('div');
    const label = document.createElement('dt');
    label.textContent = text(name);
    const told = document.createElement('dd');
    told.textContent = value;
    if (className) told.className = className;
    tile.append(label, told);
    if (note) {
      const more = document.createElement('dd');
      more.className = 'note';
      more.textContent = note;
      tile.append(more);
    }
    return tile;
  }));
}

function rows(selector, head, lines) {
  const line = (cells, kind) => {
    const row = document.createElement('tr');
    for (const [value, className] of cells) {
      const cell = document.createElement(kind);
      if (kind === 'th') cell.scope = 'col';
      if (className) cell.className = className;
      cell.textContent = value;
      row.append(cell);
    }
    return row;
  };
  const empty = line([[text('nothing')]], 'td');
  const top = document.createElement('thead');
  top.append(line(head, 'th'));
  const body = document.createElement('tbody');
  body.append(...(lines.length ? lines.map((cells) => line(cells, 'td')) : [empty]));
  document.querySelector(selector).replaceChildren(top, body);
}

function say(words, wrong = false) {
  state.textContent = words;
  state.className = wrong ? 'wrong' : '';
}

function count(value) {
  return value.toLocaleString(navigator.language);
}

function yen(value) {
  return value.toLocaleString(navigator.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
