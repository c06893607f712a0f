// When to come back after a websocket has closed, and when not to. Invariant: pure; time and chance are handed in, and no two
// pages that lost the same server return at the same moment.

/** In [0, 1), as `Math.random`. */
export type Random = () => number;

export const backoff = { floorMs: 500, ceilingMs: 20_000 } as const;
/** Longest silence before a connection counts as dead; the server's heartbeat comes each 25 s. */
export const watchdogMs = 35_000;
/** Without a whole snapshot for this long the page polls. */
export const snapshotTimeoutMs = 5_000;
/** After this many failed connections in a row the page polls. */
export const failuresBeforePolling = 2;
/** An overloaded server is left alone for at least this long. */
export const overloadPauseMs = 15_000;

/** Exponential, capped, then jittered; `failures` counts from 1, so that the first return is jittered too. */
export function reconnectDelay(failures: number, random: Random): number {
  const exponent = Math.min(Math.max(failures, 1), 16);
  const ceiling = Math.min(backoff.ceilingMs, backoff.floorMs * 2 ** exponent);
  return Math.round(backoff.floorMs + random() * (ceiling - backoff.floorMs));
}

/** Each 2 s ± 20 %. */
export const pollDelay = (random: Random): number => Math.round(2_000 * (0.8 + 0.4 * random()));

export type CloseAction =
  /** `patient`: being called back to the page does not shorten the wait. */
  | { then: "reconnect"; delayMs: number; mandatory: boolean }
  | { then: "check-session" };

export interface CloseInfo {
  code: number;
  failures: number;
  /** The window the server asked for in its `bye`. */
  retryMs: [number, number] | null;
}

export function afterClose({ code, failures, retryMs }: CloseInfo, random: Random): CloseAction {
  switch (code) {
    case 4401:
      return { then: "check-session" };
    case 1013: // overloaded
    case 4400: // malformed: coming back at once would only repeat it
    case 4403: // forbidden: the same
    case 4429: // too many
      return { then: "reconnect", delayMs: overloadPauseMs + reconnectDelay(failures, random), mandatory: true };
    default:
      if (retryMs) {
        const [from, to] = retryMs;
        return { then: "reconnect", delayMs: Math.round(from + random() * (to - from)), mandatory: false };
      }
      return { then: "reconnect", delayMs: reconnectDelay(failures, random), mandatory: false };
  }
}
