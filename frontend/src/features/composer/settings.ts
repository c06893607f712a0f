// Resolves the settings of a request. Invariant: only what the model can do; anything else falls back to the model's default. What was
// requested is kept, so that it applies again with a model that can do it.
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
  const orientation = choose(model.orientations, requested.orientation);
  const seconds = choose(model.seconds, requested.seconds);
  if (orientation === undefined || seconds === undefined) return null;
  return { model, orientation, seconds, size: choose(sizesOf(model, orientation), requested.size) ?? null };
}

/** Returns the model's sizes of the given orientation. */
export function sizesOf({ sizes }: Model, orientation: Orientation): string[] {
  return sizes.filter((size) => {
    const [width = 0, height = 0] = size.split("x").map(Number);
    return orientation === "portrait" ? height > width : width >= height;
  });
}

/** Names a size by its shorter side, such as 720p. */
export const resolution = (size: string): string => `${Math.min(...size.split("x").map(Number))}p`;

export type SettingName = "model" | "orientation" | "seconds" | "size";

/** Returns the settings that were requested and do not apply. */
export function unfitSettings(requested: Omit<RequestedSettings, "count">, settings: Settings): SettingName[] {
  const { model } = settings;
  const changed = (name: "orientation" | "seconds" | "size") => requested[name] !== null && requested[name] !== settings[name];
  const unfit: SettingName[] = [];
  if (requested.model !== null && requested.model !== model.id) unfit.push("model");
  if (changed("orientation")) unfit.push("orientation");
  if (changed("seconds")) unfit.push("seconds");
  // A size of the other orientation follows from the orientation.
  if (changed("size") && sizesOf({ ...model, sizes: [requested.size ?? ""] }, settings.orientation).length > 0) unfit.push("size");
  return unfit;
}

function choose<T>(offered: readonly T[], requested: T | null): T | undefined {
  return requested !== null && offered.includes(requested) ? requested : offered[0];
}
