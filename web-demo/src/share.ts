// A permitted song is shared: a copy with a signed tag in it, or an encrypted one, and what a listener gets of it.

import { OnmonError } from 'onmon';
import { share, type Method, type Shared } from 'onmon/sharing';

import { byId, hexRows, make } from './dom';
import { listenTo, drawListener } from './listener';
import { language, size, text } from './locale';
import type { Run } from './run';
import { Account, AT_SERVER, known } from './server';

/** Bytes of the copy's beginning that are shown. */
const HEAD_BYTES = 64;

type Copy =
  | { state: 'making' }
  | { state: 'made'; shared: Shared & { file: Blob }; head: Uint8Array; url: string }
  | { state: 'failed'; error: OnmonError };

const uploader = new Account('web demo: who shares');

let shared: { run: Run; method: Method | null; copies: Partial<Record<Method, Copy>> } | undefined;

for (const method of ['tag', 'drm'] as const) {
  byId(`share-${method}`).addEventListener('click', () => void makeCopy(method));
}

/** Offers to share the song of a run, where it may be; hides what it offered before. */
export function showShare(run: Run | undefined): void {
  const isPermitted = run?.answer?.decision === 'permit';
  if (shared && shared.run !== run) forget();
  if (run && isPermitted) shared ??= { run, method: null, copies: {} };
  byId('share-card').hidden = !isPermitted;
  draw();
  drawListener();
}

async function makeCopy(method: Method): Promise<void> {
  const own = shared;
  if (!own || own.copies[method]?.state === 'making') return;
  own.method = method;
  if (own.copies[method]?.state !== 'made') {
    own.copies[method] = { state: 'making' };
    draw();
    own.copies[method] = await copied(own.run.file, method);
  }
  if (shared !== own || own.method !== method) return;
  draw();
  const copy = own.copies[method];
  if (copy?.state === 'made') await listenTo(copy.shared.file);
}

async function copied(file: File, method: Method): Promise<Copy> {
  try {
    const made = await share(file, { method, token: await uploader.token(), ...AT_SERVER });
    if (made.file === null) throw new OnmonError('not_permitted', { detail: made.rule ?? undefined });
    const head = new Uint8Array(await made.file.slice(0, HEAD_BYTES).arrayBuffer());
    return { state: 'made', shared: { ...made, file: made.file }, head, url: URL.createObjectURL(made.file) };
  } catch (error) {
    return { state: 'failed', error: known(error) };
  }
}

function forget(): void {
  for (const copy of Object.values(shared?.copies ?? {})) {
    if (copy.state === 'made') URL.revokeObjectURL(copy.url);
  }
  shared = undefined;
  void listenTo(null);
}

function draw(): void {
  for (const method of ['tag', 'drm'] as const) {
    byId(`share-${method}`).setAttribute('aria-pressed', String(shared?.method === method));
  }
  const method = shared?.method;
  const copy = method ? shared?.copies[method] : undefined;
  byId('share-content').replaceChildren(...(method && copy ? content(method, copy, shared!.run.file) : []));
}

function content(method: Method, copy: Copy, file: File): Node[] {
  if (copy.state === 'making') return [make('p', 'summary', text('shareMaking'))];
  if (copy.state === 'failed') return [make('p', 'summary fault', copy.error.localized(language()))];
  const { shared: made, head, url } = copy;
  const more = made.file.size - file.size;
  const values = { size: size(made.file.size), more: size(Math.abs(more)), permit: made.permitId ?? '' };
  const save = make('a', 'save', text('shareSave'));
  save.href = url;
  save.download = method === 'drm' ? `${file.name}.sealed` : file.name;
  const view = make('div', 'hex hex-short', ...hexRows(head));
  view.setAttribute('role', 'group');
  view.setAttribute('aria-label', text('shareHead'));
  return [
    make('p', 'summary', text(method === 'drm' ? 'shareSealed' : 'shareTagged', values)),
    make('p', 'note', text('sharePermit', values)),
    make('div', 'hex-head', make('p', 'note', text('shareHead')), save),
    view,
  ];
}
