// Toasts: brief messages. At most four at once, dropping the oldest. Never for information that must not be missed.
import { create } from "zustand";

export interface Toast {
  id: number;
  text: string;
  /** A secondary line, such as a prompt. */
  detail?: string;
  /** Where a click leads. */
  href?: string;
}

const maxToasts = 4;

interface ToastsStore {
  toasts: readonly Toast[];
}

export const useToasts = create<ToastsStore>()(() => ({ toasts: [] }));

let lastId = 0;

export function toast(one: Omit<Toast, "id">): void {
  lastId += 1;
  const added: Toast = { ...one, id: lastId };
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, added].slice(-maxToasts) }));
}

export const dismissToast = (id: number): void =>
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((one) => one.id !== id) }));

export const clearToasts = (): void => useToasts.setState({ toasts: [] });
