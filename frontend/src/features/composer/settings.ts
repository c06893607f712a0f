// Which settings a request carries. Invariant: only what the server lists; a wish it does not list falls back to its default.
import type { Model, Models, Orientation } from "@/lib/api/types";

export interface Wishes {
  model: string | null;
  orientation: Orientation | null;
  seconds: number | null;
}

export interface Settings {
  model: Model;
  orientation: Orientation;
  seconds: number;
}

export function resolveSettings({ models, defaults }: Models, wishes: Wishes): Settings | null {
  const byId = (id: string | null) => models.find((one) => one.id === id);
  const model = byId(wishes.model) ?? byId(defaults.model) ?? models[0];
  if (!model) return null;
  const orientation = pick(model.orientations, wishes.orientation, defaults.orientation);
  const seconds = pick(model.seconds, wishes.seconds, defaults.seconds);
  return orientation === undefined || seconds === undefined ? null : { model, orientation, seconds };
}

function pick<T>(offered: readonly T[], wish: T | null, fallback: T): T | undefined {
  if (wish !== null && offered.includes(wish)) return wish;
  return offered.includes(fallback) ? fallback : offered[0];
}
