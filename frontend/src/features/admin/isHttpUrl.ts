// The gateway's rule for addresses of results.
export const maxUrlLength = 2_048;

export function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text) && new TextEncoder().encode(text).length <= maxUrlLength;
}
