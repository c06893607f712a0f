// The server's time as far as the page knows it. Invariant: a wrong clock on this device never shows in a countdown.

/** `Date` headers carry whole seconds and travel time; less than this is no disagreement. */
const toleranceMs = 2_000;
let offsetMs = 0;

export function observeServerTime(serverMs: number): void {
  if (Number.isNaN(serverMs)) return;
  const difference = serverMs - Date.now();
  offsetMs = Math.abs(difference) > toleranceMs ? difference : 0;
}

export const serverNow = (): number => Date.now() + offsetMs;
