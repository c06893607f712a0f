// Submits a prompt. Invariant: one click sends one request, never repeated automatically; a rejected prompt returns to the box.
import { asApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import { queries } from "@/lib/api/queries";
import { queryClient } from "@/lib/api/queryClient";
import { useJobs } from "@/lib/jobs/store";
import { loadedModels } from "@/lib/models";
import { storeUnsentDraft } from "./draft";
import { markImageUsed } from "./referenceImage";
import { resolveSettings, unfitSettings } from "./settings";
import { useComposer } from "./store";
import { validatePrompt } from "./validatePrompt";
import { buildVideoRequest, idempotencyKeyFor, recordOutcome } from "./videoRequest";

let sentCount = 0;

/** Returns whether the prompt was sent. */
export function submit(prompt: string): boolean {
  if (validatePrompt(prompt) || !navigator.onLine) return false;
  void sendRequest(prompt);
  return true;
}

async function sendRequest(prompt: string): Promise<void> {
  const composer = useComposer.getState();
  const { userId } = composer;
  // An example prompt is sent without the attachments of the text in the box.
  const isComposerText = composer.text === prompt;
  const draft = { ...composer, text: prompt, ...(!isComposerText && { imageId: null, remixOf: null }) };
  const models = loadedModels();
  const request = buildVideoRequest(prompt, draft, models);
  const settings = models && resolveSettings(models, draft);
  const key = idempotencyKeyFor(request);

  const cardKeys = addOptimisticCards(prompt, request.orientation ?? draft.orientation ?? "landscape", request.count ?? 1);
  composer.submitted(prompt, settings ? unfitSettings(draft, settings) : []);
  try {
    const response = await videos.submit(request, key);
    recordOutcome(request, key, true);
    markImageUsed(request.referenceImageId);
    removeOptimisticCards(cardKeys);
    useJobs.getState().apply({ type: "jobs", jobs: response.jobs });
  } catch (cause) {
    const error = asApiError(cause);
    const stillOptimistic = useJobs.getState().optimisticJobs.some((one) => cardKeys.includes(one.key));
    removeOptimisticCards(cardKeys);
    const unconfirmed = error.status === 0 || (error.status >= 500 && error.status !== 503);
    recordOutcome(request, key, !unconfirmed);
    if (unconfirmed) markImageUsed(request.referenceImageId);
    // The job has already appeared in the gallery: only the response was lost.
    if (unconfirmed && !stillOptimistic) return;
    if (useComposer.getState().userId === userId) useComposer.getState().submitFailed(draft, { kind: unconfirmed ? "unconfirmed" : "rejected", error });
    // The session expired with this request: keep the text for the user's return.
    else if (userId !== null && error.status === 401) storeUnsentDraft(userId, draft);
  }
  void queryClient.invalidateQueries(queries.budgets);
}

function addOptimisticCards(prompt: string, orientation: "landscape" | "portrait", count: number): string[] {
  return Array.from({ length: count }, () => {
    sentCount += 1;
    const key = `sending-${sentCount}`;
    useJobs.getState().addOptimisticJob({ key, prompt, orientation });
    return key;
  });
}

const removeOptimisticCards = (keys: readonly string[]): void => keys.forEach((key) => useJobs.getState().removeOptimisticJob(key));
