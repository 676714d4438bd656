// Links of a built site that lead nowhere.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** A line for each link within the site whose file, or place in it, does not exist. */
export function brokenLinks(site) {
  const files = readdirSync(site, { recursive: true }).filter((name) => name.endsWith('.html'));
  const pages = new Map(files.map((name) => [join(site, name), readFileSync(join(site, name), 'utf8')]));
  const ids = new Map([...pages].map(([path, text]) => [path, new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))]));
  const broken = [];
  for (const [path, text] of pages) {
    for (const [, href] of text.matchAll(/<(?:a|link|script|img)\b[^>]*?\s(?:href|src)="([^"]+)"/g)) {
      if (/^(https?:|mailto:|data:)/.test(href)) continue;
      const [file, place] = href.split(/[?#]/);
      const target = file === '' ? path : join(dirname(path), decodeURIComponent(file));
      const there = pages.has(target) ? !href.includes('#') || place === '' || ids.get(target).has(decodeURIComponent(place)) : existsSync(target);
      if (!there) broken.push(`${relative(site, path)}: no ${href}`);
    }
  }
  return [...new Set(broken)];
}
