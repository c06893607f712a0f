// Which part of a long wall is worth drawing. Invariant: what is on the screen always is, and a step beyond on both sides; scrolling
// draws anew only when a whole step is left behind.
import { useSyncExternalStore } from "react";

/** In pixels; more than stands above the wall, so that its own place on the page need not be measured. */
const step = 600;

export interface VisibleRange {
  top: number;
  bottom: number;
}

export function useVisibleRange(): VisibleRange {
  const scrollStep = useSyncExternalStore(subscribe, () => Math.floor(window.scrollY / step));
  const viewportSteps = useSyncExternalStore(subscribe, () => Math.ceil(window.innerHeight / step));
  return { top: (scrollStep - 1) * step, bottom: (scrollStep + viewportSteps + 2) * step };
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("scroll", listener, { passive: true });
  window.addEventListener("resize", listener);
  return () => {
    window.removeEventListener("scroll", listener);
    window.removeEventListener("resize", listener);
  };
}
