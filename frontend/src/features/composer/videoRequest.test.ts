// Tests the content of a request and its idempotency key.
import { expect, it } from "vitest";
import { makeModel } from "@/lib/testing";
import { emptyDraft } from "./draft";
import { buildVideoRequest, idempotencyKeyFor, recordOutcome } from "./videoRequest";


it("contains only what was chosen", () => {
  const draft = { ...emptyDraft, text: "a fox", count: 3, imageId: "image", remixOf: "job" };
  expect(buildVideoRequest("a fox", draft, null)).toEqual({ prompt: "a fox", count: 3, referenceImageId: "image", remixOf: "job" });
  expect(buildVideoRequest("a fox", emptyDraft, null)).toEqual({ prompt: "a fox" });
});

it("leaves out what the model does not take", () => {
  const draft = { ...emptyDraft, text: "a fox", seconds: 15, imageId: "image", remixOf: "job" };
  const model = makeModel({ seconds: [5], sizes: ["1280x720"], orientations: ["landscape"], referenceImage: "no", remix: false });
  const models = { models: [model], defaults: { model: "sora", orientation: "landscape" as const, seconds: 5, size: "1280x720" }, free: false };
  expect(buildVideoRequest("a fox", draft, models)).toEqual({
    prompt: "a fox",
    model: "sora",
    orientation: "landscape",
    seconds: 5,
    size: "1280x720",
  });
});

it("keeps its idempotency key while unanswered and unchanged", () => {
  const request = { prompt: "a fox" };
  const key = idempotencyKeyFor(request);
  recordOutcome(request, key, false);
  expect(idempotencyKeyFor({ prompt: "a fox" })).toBe(key);
  expect(idempotencyKeyFor({ prompt: "an owl" })).not.toBe(key);
  recordOutcome(request, key, true);
  expect(idempotencyKeyFor(request)).not.toBe(key);
});
