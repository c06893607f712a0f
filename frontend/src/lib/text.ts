// Text measured in Unicode scalar values, as the server does.

const toScalars = (text: string): string[] => Array.from(text);

export const countCharacters = (text: string): number => toScalars(text).length;

/** Returns the start of a long text, never cut inside a character. */
export function truncate(text: string, limit: number): string {
  // A character takes at most two code units.
  const start = toScalars(text.slice(0, 2 * limit + 2)).slice(0, limit).join("");
  return start.length < text.length ? `${start}…` : text;
}
