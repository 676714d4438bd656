// Finding and making elements, so that the other files say what they show.

/** The element of the page with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no element #${id}`);
  return found as T;
}

/** A new element with a class and content. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

const BYTES_PER_ROW = 16;

/** Bytes in hexadecimal, a row for each sixteen. */
export function hexRows(content: Uint8Array): HTMLElement[] {
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
  return rows;
}

/** The least of a bar that can be seen, as in evidence.css. */
const HAIR = '2px';

/** A bar that fills `share` of its row; for sight only, the words beside it say the same. */
export function bar(className: string, share: number, from = 0): HTMLElement {
  const fill = make('span', 'bar-fill');
  // Through the object model: a style attribute would be refused by the page's own policy.
  fill.style.marginInlineStart = `min(${from * 100}%, 100% - ${HAIR})`;
  fill.style.inlineSize = `${share * 100}%`;
  const track = make('span', `bar ${className}`, fill);
  track.setAttribute('aria-hidden', 'true');
  return track;
}
