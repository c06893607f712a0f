// Sending a prompt. Invariant: one press is one request, never repeated by itself; what was not accepted comes back to the box.
import { asApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import type { VideoRequest } from "@/lib/api/types";
import { useJobs } from "@/lib/jobs/store";
import { resolveSettings } from "./settings";
import { keepDraft, useComposer } from "./store";
import { promptProblem } from "./validate";

let sends = 0;

/** Returns whether it was sent. */
export function submit(prompt: string): boolean {
  if (promptProblem(prompt)) return false;
  void deliver(prompt);
  return true;
}

async function deliver(prompt: string): Promise<void> {
  const composer = useComposer.getState();
  const { userId, models, orientation } = composer;
  const settings = models && resolveSettings(models, composer);
  const request: VideoRequest = { prompt };
  if (settings) Object.assign(request, { model: settings.model.id, orientation: settings.orientation, seconds: settings.seconds });

  sends += 1;
  const key = `sending-${sends}`;
  const jobs = useJobs.getState();
  jobs.startSending({ key, prompt, orientation: settings?.orientation ?? orientation ?? "landscape" });
  composer.sent(prompt);
  try {
    const answer = await videos.submit(request);
    useJobs.getState().stopSending(key);
    useJobs.getState().apply({ type: "jobs", jobs: answer.jobs });
  } catch (cause) {
    const error = asApiError(cause);
    const waiting = useJobs.getState().sending.some((one) => one.key === key);
    useJobs.getState().stopSending(key);
    const unsure = error.status === 0 || (error.status >= 500 && error.status !== 503);
    // It has been seen on the wall already: only the answer was lost.
    if (unsure && !waiting) return;
    if (useComposer.getState().userId === userId) useComposer.getState().notSent(prompt, { kind: unsure ? "unsure" : "refused", error });
    // The session ended with this very request: the text waits for its owner.
    else if (userId !== null && error.status === 401) keepDraft(userId, prompt);
  }
}
