// Resolves the settings of a request. Invariant: only what the server lists; anything else falls back to its default.
import type { Model, Models, Orientation } from "@/lib/api/types";

export interface RequestedSettings {
  model: string | null;
  orientation: Orientation | null;
  seconds: number | null;
  size: string | null;
  count: number;
}

export interface Settings {
  model: Model;
  orientation: Orientation;
  seconds: number;
  /** Null when the model lists no sizes. */
  size: string | null;
}

export const maxCount = 4;

export function resolveSettings({ models, defaults }: Models, requested: Omit<RequestedSettings, "count">): Settings | null {
  const byId = (id: string | null) => models.find((one) => one.id === id);
  const model = byId(requested.model) ?? byId(defaults.model) ?? models[0];
  if (!model) return null;
  const orientation = choose(model.orientations, requested.orientation, defaults.orientation);
  const seconds = choose(model.seconds, requested.seconds, defaults.seconds);
  if (orientation === undefined || seconds === undefined) return null;
  const sizes = sizesOf(model, orientation);
  return { model, orientation, seconds, size: choose(sizes, requested.size, sizes[0] ?? "") ?? null };
}

/** Returns the model's sizes of the given orientation. */
export function sizesOf({ sizes }: Model, orientation: Orientation): string[] {
  return sizes.filter((size) => {
    const [width = 0, height = 0] = size.split("x").map(Number);
    return orientation === "portrait" ? height > width : width >= height;
  });
}

function choose<T>(offered: readonly T[], requested: T | null, fallback: T): T | undefined {
  if (requested !== null && offered.includes(requested)) return requested;
  return offered.includes(fallback) ? fallback : offered[0];
}
