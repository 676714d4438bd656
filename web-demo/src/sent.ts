// What left the machine: its exact bytes, beside the size of the file that stayed.

import { bar, byId, hexRows, make } from './dom';
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

function hex(content: Uint8Array): HTMLElement {
  const view = make('div', 'hex', ...hexRows(content));
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
