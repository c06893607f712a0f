// Text by its characters. Invariant: a character is a Unicode scalar value, as it is for the server.

const toScalars = (text: string): string[] => Array.from(text);

export const countCharacters = (text: string): number => toScalars(text).length;

/** The beginning of a long text, never cut inside a character. */
export function truncate(text: string, limit: number): string {
  // Two code units at most make a character.
  const start = toScalars(text.slice(0, 2 * limit + 2)).slice(0, limit).join("");
  return start.length < text.length ? `${start}…` : text;
}
