// Keeps the focus near when the element that held it is taken away. Invariant: never takes it from where someone put it.
import { useEffect, useRef, type FocusEvent } from "react";

interface FocusHandlers {
  onFocus: (event: FocusEvent) => void;
  onBlur: () => void;
}

/** `mark` notes where the focus is; `refuge` finds a place for it by that note. Only for those who see where the focus is. */
export function useRestoreFocus<Mark>(capture: (saved: Element) => Mark, findTarget: (capture: Mark) => HTMLElement | null | undefined): FocusHandlers {
  const saved = useRef<{ capture: Mark } | null>(null);
  useEffect(() => {
    const last = saved.current;
    if (!last || document.activeElement !== document.body) return;
    saved.current = null;
    findTarget(last.capture)?.focus();
  });
  return {
    onFocus: ({ target }) => {
      saved.current = target.matches(":focus-visible") ? { capture: capture(target) } : null;
    },
    onBlur: () => {
      saved.current = null;
    },
  };
}
