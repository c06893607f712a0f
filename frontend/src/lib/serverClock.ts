// Estimates the server's time, so that a wrong local clock does not affect countdowns.

/** The `Date` header has a resolution of one second and arrives late; smaller differences are ignored. */
const toleranceMs = 2_000;
let offsetMs = 0;

export function observeServerTime(serverMs: number): void {
  if (Number.isNaN(serverMs)) return;
  const difference = serverMs - Date.now();
  offsetMs = Math.abs(difference) > toleranceMs ? difference : 0;
}

export const serverNow = (): number => Date.now() + offsetMs;
