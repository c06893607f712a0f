// Tests that requests carry only settings that the server lists.
import { expect, it } from "vitest";
import type { Models } from "@/lib/api/types";
import { makeModel } from "@/lib/testing";
import { resolveSettings, unfitSettings } from "./settings";

const models: Models = {
  models: [
    makeModel({ id: "small", orientations: ["landscape"], seconds: [5], sizes: [] }),
    makeModel({ id: "large", sizes: [], default: true }),
  ],
  defaults: { model: "large", orientation: "landscape", seconds: 10, size: "1280x720" },
  free: false,
};
const none = { model: null, orientation: null, seconds: null, size: null };

it("uses the server's defaults", () => {
  expect(resolveSettings(models, none)).toMatchObject({ model: { id: "large" }, orientation: "landscape", seconds: 10 });
});

it("uses requested settings that the server lists", () => {
  expect(resolveSettings(models, { ...none, orientation: "portrait", seconds: 15 })).toMatchObject({ orientation: "portrait", seconds: 15 });
});

it("falls back when the model does not list a setting", () => {
  expect(resolveSettings(models, { ...none, model: "small", orientation: "portrait", seconds: 15 })).toMatchObject({ orientation: "landscape", seconds: 5 });
});

it("falls back when the model is no longer listed", () => {
  expect(resolveSettings(models, { ...none, model: "retired" })).toMatchObject({ model: { id: "large" } });
});

it("returns null when the server lists no models", () => {
  expect(resolveSettings({ ...models, models: [] }, none)).toBeNull();
});

it("chooses among the sizes of the requested orientation", () => {
  const sized: Models = { ...models, models: [{ ...models.models[1]!, sizes: ["1280x720", "720x1280", "1792x1024"] }] };
  expect(resolveSettings(sized, none)).toMatchObject({ size: "1280x720" });
  expect(resolveSettings(sized, { ...none, size: "1792x1024" })).toMatchObject({ size: "1792x1024" });
  expect(resolveSettings(sized, { ...none, orientation: "portrait", size: "1792x1024" })).toMatchObject({ size: "720x1280" });
});

it("reports what was requested and does not apply, and keeps what fits", () => {
  const sizes = ["480x832", "720x1280"];
  const wan = makeModel({ id: "wan", orientations: ["portrait"], seconds: [5, 10], sizes });
  const all: Models = { ...models, models: [wan, makeModel({ id: "large" })] };
  const unfit = (requested: typeof none | Parameters<typeof unfitSettings>[0]) => unfitSettings(requested, resolveSettings(all, requested)!);
  expect(unfit({ model: "wan", orientation: "landscape", seconds: 15, size: "1280x720" })).toEqual(["orientation", "seconds"]);
  expect(unfit({ model: "wan", orientation: "portrait", seconds: 10, size: "1080x1920" })).toEqual(["size"]);
  expect(unfit({ model: "wan", orientation: "portrait", seconds: 10, size: "720x1280" })).toEqual([]);
  expect(unfit({ ...none, model: "gone" })).toEqual(["model"]);
  expect(resolveSettings(all, { ...none, model: "wan", seconds: 15 })).toMatchObject({ seconds: 5, size: "480x832" });
  expect(unfit(none)).toEqual([]);
});
