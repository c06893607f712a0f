// Returns the part of the page to render: the viewport and one step beyond on both sides. Changes only after scrolling a whole step.
import { useSyncExternalStore } from "react";

/** In pixels; larger than anything above the gallery, so that the gallery's own offset need not be measured. */
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
