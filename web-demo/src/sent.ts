// What left the machine: its exact bytes, beside the size of the file that stayed.

import { bar, byId, make } from './dom';
import { bytes, share, size, text } from './locale';
import type { Run } from './run';

/** Shows the bytes of a run; hides the card where none were made. */
export function showSent(run: Run): void {
  const fingerprint = run.fingerprint;
  byId('sent-card').hidden = !fingerprint;
  if (!fingerprint) return;
  const { bytes: sent, readBytes } = fingerprint;
  const whole = Math.max(run.file.size, 1);
  const summary = run.answer
    ? text('sentSum', { bytes: bytes(sent.length), share: share(sent.length / whole) })
    : text('sentFailed', { bytes: bytes(sent.length) });
  const rows = [
    scale(text('barFile', { size: size(run.file.size) }), 'bar-file', 1),
    scale(text('barRead', { size: size(readBytes) }), 'bar-read', Math.min(1, readBytes / whole)),
    scale(text('barSent', { size: bytes(sent.length) }), 'bar-sent', sent.length / whole),
  ];
  byId('sent-content').replaceChildren(
    make('p', 'summary', summary),
    make('ul', 'scale', ...rows),
    make('div', 'hex-head', make('p', 'note', text('hexIntro')), saveLink(run)),
    hex(sent),
  );
}

function scale(label: string, className: string, part: number): HTMLElement {
  return make('li', '', make('span', 'scale-label', label), bar(className, part));
}

const BYTES_PER_ROW = 16;

function hex(content: Uint8Array): HTMLElement {
  const rows: HTMLElement[] = [];
  for (let at = 0; at < content.length; at += BYTES_PER_ROW) {
    const row = content.subarray(at, at + BYTES_PER_ROW);
    const codes = Array.from(row, (byte) => byte.toString(16).padStart(2, '0'));
    const half = BYTES_PER_ROW / 2;
    const left = codes.slice(0, half).join(' ');
    const right = codes.slice(half).join(' ');
    rows.push(
      make(
        'div',
        'hex-row',
        make('span', 'hex-at', at.toString(16).padStart(4, '0')),
        make('span', 'hex-codes', make('span', '', left), make('span', '', right)),
        make('span', 'hex-text', String.fromCharCode(...row).replace(/[^\x20-\x7e]/g, '·')),
      ),
    );
  }
  const view = make('div', 'hex', ...rows);
  view.id = 'hex';
  view.tabIndex = 0; // it scrolls, so the keyboard must reach it
  view.setAttribute('role', 'region');
  view.setAttribute('aria-label', text('hexLabel'));
  return view;
}

let saved: string | undefined;

function saveLink(run: Run): HTMLElement {
  if (saved) URL.revokeObjectURL(saved);
  saved = URL.createObjectURL(new Blob([run.fingerprint!.bytes as BlobPart]));
  const link = make('a', 'save', text('save'));
  link.href = saved;
  link.download = `${run.file.name.replace(/\.[^.]*$/, '')}.afp`;
  return link;
}
