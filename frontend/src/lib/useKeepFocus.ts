// Keeps the focus near when the element that held it is taken away. Invariant: never takes it from where someone put it.
import { useEffect, useRef, type FocusEvent } from "react";

interface Watch {
  onFocus: (event: FocusEvent) => void;
  onBlur: () => void;
}

/** `mark` notes where the focus is; `refuge` finds a place for it by that note. Only for those who see where the focus is. */
export function useKeepFocus<Mark>(mark: (held: Element) => Mark, refuge: (mark: Mark) => HTMLElement | null | undefined): Watch {
  const held = useRef<{ mark: Mark } | null>(null);
  useEffect(() => {
    const last = held.current;
    if (!last || document.activeElement !== document.body) return;
    held.current = null;
    refuge(last.mark)?.focus();
  });
  return {
    onFocus: ({ target }) => {
      held.current = target.matches(":focus-visible") ? { mark: mark(target) } : null;
    },
    onBlur: () => {
      held.current = null;
    },
  };
}
