// Reads and writes drafts in local storage. Invariant: stored data may be outdated or modified, so every field is checked.
import type { Orientation } from "@/lib/api/types";
import { readJson, writeText } from "@/lib/storage";
import { maxCount } from "./settings";
import type { Draft } from "./videoRequest";

export interface StoredDraft extends Draft {
  /** The previously submitted prompt. */
  last: string;
}

export const emptyDraft: StoredDraft = {
  text: "",
  last: "",
  model: null,
  orientation: null,
  seconds: null,
  size: null,
  count: 1,
  imageId: null,
  remixOf: null,
};

export const draftKey = (userId: string): string => `sora.draft.${userId}`;

const textOr = <Fallback>(value: unknown, fallback: Fallback): string | Fallback => (typeof value === "string" ? value : fallback);

export function readDraft(userId: string): StoredDraft {
  const value = readJson(draftKey(userId));
  if (typeof value !== "object" || value === null) return emptyDraft;
  const { text, last, model, orientation, seconds, size, count, imageId, remixOf } = value as Record<string, unknown>;
  const validOrientation: Orientation | null = orientation === "landscape" || orientation === "portrait" ? orientation : null;
  return {
    text: textOr(text, ""),
    last: textOr(last, ""),
    model: textOr(model, null),
    orientation: validOrientation,
    seconds: typeof seconds === "number" ? seconds : null,
    size: textOr(size, null),
    count: typeof count === "number" && Number.isInteger(count) && count >= 1 && count <= maxCount ? count : 1,
    imageId: textOr(imageId, null),
    remixOf: textOr(remixOf, null),
  };
}

/** Stores a draft for a user who is no longer signed in, unless another draft is stored already. */
export function storeUnsentDraft(userId: string, { text, imageId, remixOf }: Draft): void {
  const stored = readDraft(userId);
  if (stored.text === "") writeText(draftKey(userId), JSON.stringify({ ...stored, text, imageId, remixOf }));
}
