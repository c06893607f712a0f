// Clocks that components share. Invariant: one timer for each pace, and none while nobody looks.
import { useSyncExternalStore } from "react";
import { serverNow } from "./serverClock";

interface Ticker {
  subscribe: (listener: () => void) => () => void;
  now: () => number;
}

function createTicker(ms: number): Ticker {
  const listeners = new Set<() => void>();
  let now = serverNow();
  let timer = 0;
  const tick = () => {
    now = serverNow();
    for (const listener of listeners) listener();
  };
  return {
    now: () => now,
    subscribe: (listener) => {
      if (listeners.size === 0) {
        now = serverNow();
        timer = window.setInterval(tick, ms);
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) window.clearInterval(timer);
      };
    },
  };
}

const seconds = createTicker(1_000);
const halfMinutes = createTicker(30_000);
const noSubscription = () => () => undefined;

/** The server's time, renewed each second while `counting`. */
export const useCountdownNow = (enabled: boolean): number =>
  useSyncExternalStore(enabled ? seconds.subscribe : noSubscription, seconds.now);

/** The server's time, near enough for "2 minutes ago". */
export const useCoarseNow = (): number => useSyncExternalStore(halfMinutes.subscribe, halfMinutes.now);
