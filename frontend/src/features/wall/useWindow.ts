// Which part of a long wall is worth drawing. Invariant: what is on the screen always is, and a step beyond on both sides; scrolling
// draws anew only when a whole step is left behind.
import { useSyncExternalStore, type RefObject } from "react";

const step = 600;

export interface Span {
  top: number;
  bottom: number;
}

/** In pixels below the list's own top. */
export function useWindow(list: RefObject<HTMLElement | null>): Span {
  const at = useSyncExternalStore(subscribe, () => Math.floor(-(list.current?.getBoundingClientRect().top ?? 0) / step));
  const height = useSyncExternalStore(subscribe, () => Math.ceil(window.innerHeight / step));
  return { top: (at - 1) * step, bottom: (at + height + 2) * step };
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("scroll", listener, { passive: true });
  window.addEventListener("resize", listener);
  return () => {
    window.removeEventListener("scroll", listener);
    window.removeEventListener("resize", listener);
  };
}
