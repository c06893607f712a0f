// Wishes against what the server lists: a request never carries anything else.
import { expect, it } from "vitest";
import type { Models } from "@/lib/api/types";
import { resolveSettings } from "./settings";

const models: Models = {
  models: [
    { id: "small", orientations: ["landscape"], seconds: [5], sizes: [], default: false },
    { id: "large", orientations: ["landscape", "portrait"], seconds: [10, 15], sizes: [], default: true },
  ],
  defaults: { model: "large", orientation: "landscape", seconds: 10, size: "1280x720" },
  free: false,
};
const none = { model: null, orientation: null, seconds: null, size: null };

it("takes the server's defaults where nothing was wished for", () => {
  expect(resolveSettings(models, none)).toMatchObject({ model: { id: "large" }, orientation: "landscape", seconds: 10 });
});

it("grants what the server lists", () => {
  expect(resolveSettings(models, { ...none, orientation: "portrait", seconds: 15 })).toMatchObject({ orientation: "portrait", seconds: 15 });
});

it("never asks for what the chosen model does not list", () => {
  expect(resolveSettings(models, { ...none, model: "small", orientation: "portrait", seconds: 15 })).toMatchObject({ orientation: "landscape", seconds: 5 });
});

it("forgets a model that is no longer listed", () => {
  expect(resolveSettings(models, { ...none, model: "retired" })).toMatchObject({ model: { id: "large" } });
});

it("has none where the server lists none", () => {
  expect(resolveSettings({ ...models, models: [] }, none)).toBeNull();
});

it("offers the sizes of the chosen shape only, the first of them by default", () => {
  const sized: Models = { ...models, models: [{ ...models.models[1]!, sizes: ["1280x720", "720x1280", "1792x1024"] }] };
  expect(resolveSettings(sized, none)).toMatchObject({ size: "1280x720" });
  expect(resolveSettings(sized, { ...none, size: "1792x1024" })).toMatchObject({ size: "1792x1024" });
  expect(resolveSettings(sized, { ...none, orientation: "portrait", size: "1792x1024" })).toMatchObject({ size: "720x1280" });
});
