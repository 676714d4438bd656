// The ways a file comes in: dropped anywhere on the page, or chosen by the button.

import { byId } from './dom';

/** Calls `taken` with the first of the files that a person gives, and the number given. */
export function acceptFiles(taken: (file: File, count: number) => void): void {
  const input = byId<HTMLInputElement>('file');
  byId('choose').addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    take(input.files);
    input.value = ''; // so that the same file can be chosen again
  });

  let depth = 0; // dragenter and dragleave come for every child that is crossed
  const over = (inside: boolean) => document.documentElement.toggleAttribute('data-drag', inside);
  addEventListener('dragenter', (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    over(true);
  });
  addEventListener('dragleave', (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(0, depth - 1);
    over(depth > 0);
  });
  addEventListener('dragover', (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over(false);
    take(event.dataTransfer?.files ?? null);
  });

  function take(files: FileList | null): void {
    const first = files?.[0];
    if (first) taken(first, files.length);
  }
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}
