// Builds requests and their idempotency keys. Invariant: sending an unanswered request again unchanged reuses its key, so that nothing is
// created twice.
import type { Models, VideoRequest } from "@/lib/api/types";
import { resolveSettings, type RequestedSettings } from "./settings";

export interface Draft extends RequestedSettings {
  text: string;
  /** Id of the uploaded reference image. */
  imageId: string | null;
  /** The job that the prompt is a remix of. */
  remixOf: string | null;
}

export function buildVideoRequest(prompt: string, draft: Draft, models: Models | null): VideoRequest {
  const request: VideoRequest = { prompt };
  const settings = models && resolveSettings(models, draft);
  if (settings) {
    Object.assign(request, { model: settings.model.id, orientation: settings.orientation, seconds: settings.seconds });
    if (settings.size !== null) request.size = settings.size;
  }
  if (draft.count > 1) request.count = draft.count;
  if (draft.imageId !== null && settings?.model.referenceImage !== "no") request.referenceImageId = draft.imageId;
  if (draft.remixOf !== null && settings?.model.remix !== false) request.remixOf = draft.remixOf;
  return request;
}

let unansweredRequest: { body: string; key: string } | null = null;

export function idempotencyKeyFor(request: VideoRequest): string {
  const body = JSON.stringify(request);
  return unansweredRequest?.body === body ? unansweredRequest.key : newIdempotencyKey();
}

/** Records whether a request was answered. Only an unanswered one may be sent again under its key. */
export function recordOutcome(request: VideoRequest, key: string, answered: boolean): void {
  const body = JSON.stringify(request);
  if (!answered) unansweredRequest = { body, key };
  else if (unansweredRequest?.body === body) unansweredRequest = null;
}

/** Not `crypto.randomUUID`, which exists only in secure contexts. */
function newIdempotencyKey(): string {
  const words = crypto.getRandomValues(new Uint32Array(4));
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("-");
}
