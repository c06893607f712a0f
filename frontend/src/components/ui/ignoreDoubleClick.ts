// Wraps a click handler so that it ignores the second click of a double click, which may hit a button that has just replaced another.
import type { MouseEvent } from "react";

export const ignoreDoubleClick =
  (run: () => void) =>
  (event: MouseEvent): void => {
    if (event.detail <= 1) run();
  };
