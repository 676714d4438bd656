// Codes as a picture: a column for each, a cell for each bit.

const BITS = 8;

/** Fits a canvas to the pixels that it has now; false while it is not shown. */
export function fit(canvas: HTMLCanvasElement): boolean {
  canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
  canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
  return canvas.width > 0 && canvas.height > 0;
}

/** Draws the first `count` of the codes, so wide that `longest` of them would fill the canvas. */
export function drawBits(canvas: HTMLCanvasElement, codes: ArrayLike<number>, longest: number, count = codes.length): void {
  const pen = canvas.getContext('2d');
  if (!pen) return;
  const { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  for (let bit = 0; bit < BITS; bit += 1) {
    pen.fillStyle = style.getPropertyValue(`--bit-${bit}`).trim();
    const top = Math.round((height * (BITS - 1 - bit)) / BITS);
    const bottom = Math.round((height * (BITS - bit)) / BITS);
    for (let at = 0; at < count; at += 1) {
      if (((codes[at]! >> bit) & 1) === 0) continue;
      const left = Math.round((width * at) / longest);
      const right = Math.round((width * (at + 1)) / longest);
      pen.fillRect(left, top, Math.max(1, right - left), bottom - top);
    }
  }
}
