// What a request carries, and under which key.
import { expect, it } from "vitest";
import { useAbilities, type Abilities } from "@/lib/api/abilities";
import { emptyDraft } from "./draft";
import { keyFor, settleKey, toRequest } from "./request";

const none = useAbilities.getState();
const all = Object.fromEntries(Object.keys(none).map((name) => [name, true])) as unknown as Abilities;
const draft = { ...emptyDraft, text: "a fox", count: 3, imageId: "image", remixOf: "job" };

it("carries what the server knows, and nothing else", () => {
  expect(toRequest("a fox", draft, null, all)).toEqual({ prompt: "a fox", count: 3, referenceImageId: "image", remixOf: "job" });
  expect(toRequest("a fox", draft, null, none)).toEqual({ prompt: "a fox" });
});

it("keeps its key while it is unanswered and unchanged", () => {
  const request = { prompt: "a fox" };
  const key = keyFor(request);
  settleKey(request, key, false);
  expect(keyFor({ prompt: "a fox" })).toBe(key);
  expect(keyFor({ prompt: "an owl" })).not.toBe(key);
  settleKey(request, key, true);
  expect(keyFor(request)).not.toBe(key);
});
