// How `<onmon-upload>` looks where the page says nothing else.

const CSS = `
:host {
  display: block;
  --_accent: var(--onmon-accent, LinkText);
  --_border: var(--onmon-border, color-mix(in srgb, currentColor 45%, transparent));
  --_refused: var(--onmon-refused, light-dark(#b3261e, #ffb4ab));
  --_radius: var(--onmon-radius, 0.5rem);
}
:host([hidden]) { display: none }
[part~=zone] { border: 2px dashed var(--_border); border-radius: var(--_radius); padding: 0.75rem }
[part~=zone-over] { border-color: var(--_accent); border-style: solid }
[part=button] {
  font: inherit; color: inherit; background: none; border: 0; border-radius: var(--_radius);
  cursor: pointer; display: block; inline-size: 100%; min-block-size: 2.75rem; padding: 0.5rem;
}
[part=button]:focus-visible, [part=remove]:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px }
:host(:disabled) [part=button] { cursor: default; opacity: 0.55 }
[part=list] { list-style: none; margin: 0; padding: 0 }
[part~=item] {
  display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0.25rem 0.5rem; align-items: center;
  padding-block: 0.5rem;
}
[part=name] { overflow-wrap: anywhere; font-weight: 600 }
[part=progress] { accent-color: var(--_accent); inline-size: 100%; grid-column: 1 }
[part=message] { grid-column: 1 }
[part~=item-refused] [part=message] { color: var(--_refused) }
[part~=item-refused] [part=message]::before { content: "\\2717\\00a0" }
[part~=item-ok] [part=message]::before { content: "\\2713\\00a0" }
[part=remove] {
  grid-column: 2; grid-row: 1 / span 2; font: inherit; color: inherit; background: none;
  border: 1px solid var(--_border); border-radius: var(--_radius); min-block-size: 2.75rem;
  padding-inline: 0.75rem; cursor: pointer;
}
[part=status], [part=alert] {
  position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: pre-line;
}
`;

let sheet: CSSStyleSheet | undefined;

/** One sheet for all elements. A constructed one needs no permission of a Content-Security-Policy. */
export function style(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
