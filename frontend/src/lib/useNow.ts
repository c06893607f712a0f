// Clocks shared by components. Invariant: one timer per interval, and none without subscribers.
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

const secondTicker = createTicker(1_000);
const halfMinuteTicker = createTicker(30_000);
const noSubscription = () => () => undefined;

/** The server's time in ms, updated every second while `enabled`. */
export const useCountdownNow = (enabled: boolean): number =>
  useSyncExternalStore(enabled ? secondTicker.subscribe : noSubscription, secondTicker.now);

/** The server's time in ms, updated every 30 seconds. */
export const useCoarseNow = (): number => useSyncExternalStore(halfMinuteTicker.subscribe, halfMinuteTicker.now);
