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
