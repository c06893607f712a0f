// Decides when to reconnect a closed websocket. Invariant: pure, with injected randomness; delays are jittered, so that pages that lost
// the same server do not return at once.

/** Returns a number in [0, 1), like `Math.random`. */
export type Random = () => number;

export const backoff = { floorMs: 500, ceilingMs: 20_000 } as const;
/** Longest silence before a connection counts as lost; the server sends a heartbeat every 25 s. */
export const watchdogMs = 35_000;
/** Time without a complete snapshot after which the page starts polling. */
export const snapshotTimeoutMs = 5_000;
/** Number of consecutive failed connections after which the page starts polling. */
export const failuresBeforePolling = 2;
/** Minimum delay before reconnecting to an overloaded server. */
export const overloadPauseMs = 15_000;

/** Exponential with a cap and jitter; `failures` counts from 1, so that the first delay is jittered too. */
export function reconnectDelay(failures: number, random: Random): number {
  const exponent = Math.min(Math.max(failures, 1), 16);
  const ceiling = Math.min(backoff.ceilingMs, backoff.floorMs * 2 ** exponent);
  return Math.round(backoff.floorMs + random() * (ceiling - backoff.floorMs));
}

/** 2 s ± 20 %. */
export const pollDelay = (random: Random): number => Math.round(2_000 * (0.8 + 0.4 * random()));

export type CloseAction =
  /** `mandatory`: waking the page does not shorten the delay. */
  | { then: "reconnect"; delayMs: number; mandatory: boolean }
  | { then: "check-session" };

export interface CloseInfo {
  code: number;
  failures: number;
  /** The delay requested by the server's `bye`, as a range in ms. */
  retryMs: [number, number] | null;
}

export function afterClose({ code, failures, retryMs }: CloseInfo, random: Random): CloseAction {
  switch (code) {
    case 4401:
      return { then: "check-session" };
    case 1013: // overloaded
    case 4400: // malformed: reconnecting at once would only repeat it
    case 4403: // forbidden: likewise
    case 4429: // too many connections
      return { then: "reconnect", delayMs: overloadPauseMs + reconnectDelay(failures, random), mandatory: true };
    default:
      if (retryMs) {
        const [from, to] = retryMs;
        return { then: "reconnect", delayMs: Math.round(from + random() * (to - from)), mandatory: false };
      }
      return { then: "reconnect", delayMs: reconnectDelay(failures, random), mandatory: false };
  }
}
