// What the page says in passing. Invariant: at most four at once, the oldest goes first; what must not be missed is never said here.
import { create } from "zustand";

export interface Toast {
  id: number;
  text: string;
  /** A second, quieter line: somebody's own words. */
  detail?: string;
  /** Where a press on it leads. */
  href?: string;
}

const maxToasts = 4;

interface ToastsStore {
  toasts: readonly Toast[];
}

export const useToasts = create<ToastsStore>()(() => ({ toasts: [] }));

let last = 0;

export function toast(one: Omit<Toast, "id">): void {
  last += 1;
  const shown: Toast = { ...one, id: last };
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, shown].slice(-maxToasts) }));
}

export const dismissToast = (id: number): void =>
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((one) => one.id !== id) }));

export const clearToasts = (): void => useToasts.setState({ toasts: [] });
