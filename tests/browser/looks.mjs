// How a page looks and is used: what axe-core finds, texts too faint to read, widths, the keyboard.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const AXE = fileURLToPath(new URL('node_modules/axe-core/axe.min.js', import.meta.url));

/** What axe-core has to say of the page as it stands, all of its rules. */
export async function accessibilityFaults(page) {
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Whether something on the page is wider than its window. */
export function scrollsSideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
}

/** The id of what has the focus. */
export function focused(page) {
  return page.evaluate(() => document.activeElement?.id ?? '');
}

/** Presses Tab until `#id` has the focus. */
export async function tabTo(page, id) {
  const STOPS_MAX = 20;
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === id) return;
  }
  assert.fail(`#${id} is not reached by Tab`);
}

/** Texts whose contrast to what is behind them is under WCAG's 4.5 : 1. */
export function faintTexts(page) {
  return page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const channels = (colours) => {
      canvas.clearRect(0, 0, 1, 1);
      for (const colour of colours) {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
      }
      return canvas.getImageData(0, 0, 1, 1).data;
    };
    const luminance = (colours) => {
      const [r, g, b] = Array.from(channels(colours).slice(0, 3), (value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      const layers = [];
      for (let at = element; at; at = at.parentElement) layers.unshift(getComputedStyle(at).backgroundColor);
      return layers;
    };
    const faint = [];
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own || !element.checkVisibility({ visibilityProperty: true })) continue;
      const layers = behind(element);
      const ink = element instanceof SVGElement ? 'fill' : 'color';
      const pair = [luminance([...layers, getComputedStyle(element)[ink]]), luminance(layers)].sort((a, b) => b - a);
      const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
      if (contrast < 4.5) faint.push(`${contrast.toFixed(2)}: ${element.textContent.trim().slice(0, 40)}`);
    }
    return faint;
  });
}
