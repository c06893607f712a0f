// Presses that must not be doubled. Invariant: the second half of a double click, which may hit what has just taken the place of
// the button before, does nothing.
import type { MouseEvent } from "react";

export const ignoreDoubleClick =
  (run: () => void) =>
  (event: MouseEvent): void => {
    if (event.detail <= 1) run();
  };
