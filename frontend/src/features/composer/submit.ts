// Sending a prompt. Invariant: one press is one request, never repeated by itself; what was not accepted comes back to the box.
import { useAbilities } from "@/lib/api/abilities";
import { asApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import { useJobs } from "@/lib/jobs/store";
import { keepDraft } from "./draft";
import { imageIsUsed } from "./reference";
import { keyFor, settleKey, toRequest } from "./request";
import { useComposer } from "./store";
import { promptProblem } from "./validate";

let sends = 0;

/** Returns whether it was sent. */
export function submit(prompt: string): boolean {
  if (promptProblem(prompt) || !navigator.onLine) return false;
  void deliver(prompt);
  return true;
}

async function deliver(prompt: string): Promise<void> {
  const composer = useComposer.getState();
  const { userId, models } = composer;
  // An example is sent as it is, beside whatever the box holds.
  const own = composer.text === prompt;
  const draft = { ...composer, text: prompt, ...(!own && { imageId: null, remixOf: null }) };
  const request = toRequest(prompt, draft, models, useAbilities.getState());
  const key = keyFor(request);

  const cards = showSending(prompt, request.orientation ?? draft.orientation ?? "landscape", request.count ?? 1);
  composer.sent(prompt);
  try {
    const answer = await videos.submit(request, key);
    settleKey(request, key, true);
    imageIsUsed(request.referenceImageId);
    hideSending(cards);
    useJobs.getState().apply({ type: "jobs", jobs: answer.jobs });
  } catch (cause) {
    const error = asApiError(cause);
    const waiting = useJobs.getState().sending.some((one) => cards.includes(one.key));
    hideSending(cards);
    const unsure = error.status === 0 || (error.status >= 500 && error.status !== 503);
    settleKey(request, key, !unsure);
    if (unsure) imageIsUsed(request.referenceImageId);
    // It has been seen on the wall already: only the answer was lost.
    if (unsure && !waiting) return;
    if (useComposer.getState().userId === userId) useComposer.getState().notSent(draft, { kind: unsure ? "unsure" : "refused", error });
    // The session ended with this very request: the text waits for its owner.
    else if (userId !== null && error.status === 401) keepDraft(userId, draft);
  }
}

function showSending(prompt: string, orientation: "landscape" | "portrait", count: number): string[] {
  return Array.from({ length: count }, () => {
    sends += 1;
    const key = `sending-${sends}`;
    useJobs.getState().startSending({ key, prompt, orientation });
    return key;
  });
}

const hideSending = (keys: readonly string[]): void => keys.forEach((key) => useJobs.getState().stopSending(key));
