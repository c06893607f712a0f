// Moves the focus to a replacement when the focused element is removed. Invariant: never moves a focus that is elsewhere.
import { useEffect, useRef, type FocusEvent } from "react";

interface FocusHandlers {
  onFocus: (event: FocusEvent) => void;
  onBlur: () => void;
}

/** `capture` records where the focus is; `findTarget` finds the replacement from that. Applies only to visible focus. */
export function useRestoreFocus<Place>(
  capture: (focused: Element) => Place,
  findTarget: (place: Place) => HTMLElement | null | undefined,
): FocusHandlers {
  const saved = useRef<{ place: Place } | null>(null);
  useEffect(() => {
    const last = saved.current;
    if (!last || document.activeElement !== document.body) return;
    saved.current = null;
    findTarget(last.place)?.focus();
  });
  return {
    onFocus: ({ target }) => {
      saved.current = target.matches(":focus-visible") ? { place: capture(target) } : null;
    },
    onBlur: () => {
      saved.current = null;
    },
  };
}
