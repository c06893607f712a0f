// From the draft to a request. Invariant: it carries only what this server knows; the key stays the same while an unanswered
// request is sent again unchanged, so that nothing is made twice.
import type { Capabilities } from "@/lib/api/capabilities";
import type { Models, VideoRequest } from "@/lib/api/types";
import { resolveSettings, type RequestedSettings } from "./settings";

export interface Draft extends RequestedSettings {
  text: string;
  /** Of an uploaded reference image. */
  imageId: string | null;
  /** The job whose prompt this began with. */
  remixOf: string | null;
}

export function buildVideoRequest(prompt: string, draft: Draft, models: Models | null, abilities: Capabilities): VideoRequest {
  const request: VideoRequest = { prompt };
  const settings = models && resolveSettings(models, draft);
  if (settings) {
    Object.assign(request, { model: settings.model.id, orientation: settings.orientation, seconds: settings.seconds });
    if (settings.size !== null) request.size = settings.size;
  }
  if (abilities.count && draft.count > 1) request.count = draft.count;
  if (abilities.images && draft.imageId !== null) request.referenceImageId = draft.imageId;
  if (abilities.remix && draft.remixOf !== null) request.remixOf = draft.remixOf;
  return request;
}

let unanswered: { body: string; key: string } | null = null;

export function idempotencyKeyFor(request: VideoRequest): string {
  const body = JSON.stringify(request);
  return unanswered?.body === body ? unanswered.key : newIdempotencyKey();
}

/** What came of a request: only without an answer may it be sent again under its key. */
export function recordOutcome(request: VideoRequest, key: string, answered: boolean): void {
  const body = JSON.stringify(request);
  if (!answered) unanswered = { body, key };
  else if (unanswered?.body === body) unanswered = null;
}

/** `randomUUID` is there only where the page is served securely. */
function newIdempotencyKey(): string {
  const words = crypto.getRandomValues(new Uint32Array(4));
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("-");
}
