// The quiet gradient of a job. Invariant: the same id gives the same gradient, always and everywhere.

export interface Gradient {
  /** Degrees of hue. */
  hueA: number;
  hueB: number;
  /** Percent, where the light falls. */
  x: number;
  y: number;
}

/** FNV-1a, then mixed: ids made in one second differ only in their tails. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  value = Math.imul(value ^ (value >>> 15), 0x846ca68b);
  return (value ^ (value >>> 16)) >>> 0;
}

export function gradientOf(id: string): Gradient {
  const seed = hash(id);
  const hueA = seed % 360;
  return {
    hueA,
    hueB: (hueA + 40 + ((seed >>> 9) % 80)) % 360,
    x: 10 + ((seed >>> 16) % 80),
    y: (seed >>> 23) % 60,
  };
}
