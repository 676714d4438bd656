// Progress that never goes back, of work that is done in steps or begun anew.

/** Passes on what is more than all before. */
export function rising(tell: ((fraction: number) => void) | undefined): (fraction: number) => void {
  let most = 0;
  return (fraction) => {
    if (fraction <= most) return;
    most = fraction;
    tell?.(fraction);
  };
}
