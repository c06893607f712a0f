// Derives a job's gradient from its id. Invariant: the same id always yields the same gradient.

export interface Gradient {
  /** Hue in degrees. */
  hueA: number;
  hueB: number;
  /** Position of the highlight, in percent. */
  x: number;
  y: number;
}

/** FNV-1a with a final mix: ids created in the same second differ only in their last characters. */
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
