// What the codes are made of, as a picture: time to the right, pitch upwards, louder is brighter.

import type { Picture } from 'onmon';

/** Share of the levels that are darker than the darkest, and brighter than the brightest colour. */
const CUT = { low: 0.05, high: 0.998 };

/** Draws the log bands of a sample over the whole of a canvas. */
export function drawPicture(canvas: HTMLCanvasElement, { bands, levels }: Picture, range: Range): void {
  const frames = levels.length / bands;
  const pen = canvas.getContext('2d');
  const small = new OffscreenCanvas(Math.max(1, frames), bands);
  const point = small.getContext('2d');
  if (!pen || !point || frames < 1) return;
  const image = point.createImageData(frames, bands);
  const colours = ramp(canvas);
  for (let frame = 0; frame < frames; frame += 1) {
    for (let band = 0; band < bands; band += 1) {
      const loud = (levels[frame * bands + band]! - range.low) / (range.high - range.low);
      const colour = colours[Math.round(Math.min(1, Math.max(0, loud)) * (colours.length - 1))]!;
      image.data.set(colour, ((bands - 1 - band) * frames + frame) * 4);
    }
  }
  point.putImageData(image, 0, 0);
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/** Levels from dark to bright. */
export interface Range {
  low: number;
  high: number;
}

/** The levels between which nearly all of a recording lies, so that quiet music is seen as well. */
export function rangeOf(pictures: Picture[]): Range {
  const counts = new Array<number>(256).fill(0);
  for (const { levels } of pictures) for (const level of levels) counts[level]! += 1;
  const all = counts.reduce((sum, count) => sum + count, 0);
  const level = (share: number) => {
    let seen = 0;
    return counts.findIndex((count) => (seen += count) >= share * all);
  };
  const low = level(CUT.low);
  return { low, high: Math.max(low + 1, level(CUT.high)) };
}

const STEPS = 64;

/** The colours of the style sheet, from dark to bright, with those between. */
function ramp(canvas: HTMLCanvasElement): Uint8ClampedArray[] {
  const style = getComputedStyle(canvas);
  const pen = new OffscreenCanvas(STEPS, 1).getContext('2d', { willReadFrequently: true })!;
  const gradient = pen.createLinearGradient(0, 0, STEPS, 0);
  const names = ['--heat-0', '--heat-1', '--heat-2', '--heat-3'];
  names.forEach((name, at) => gradient.addColorStop(at / (names.length - 1), style.getPropertyValue(name).trim()));
  pen.fillStyle = gradient;
  pen.fillRect(0, 0, STEPS, 1);
  const { data } = pen.getImageData(0, 0, STEPS, 1);
  return Array.from({ length: STEPS }, (_, at) => data.slice(at * 4, at * 4 + 4));
}
