// What a job is doing, in words. Invariant: pure; says what is known and promises nothing more.
import type { Job } from "@/lib/api/types";
import { isActive } from "@/lib/live/reducer";

export type Phrase =
  | {
      key:
        | "words.sending"
        | "words.waiting"
        | "words.waitingNext"
        | "words.retryingNow"
        | "words.submitting"
        | "words.queued"
        | "words.downloading"
        | "words.completed"
        | "words.failed"
        | "words.cancelling"
        | "words.cancelled";
    }
  | { key: "words.waitingInLine"; values: { count: number; ordinal: true } }
  | { key: "words.retryingIn"; values: { seconds: number } }
  | { key: "words.retryingNth"; values: { seconds: number; count: number; ordinal: true } }
  | { key: "words.generating"; values: { percent: number } };

/** `now` is the server's time in ms, for the countdown to the next try. */
export function jobWords(job: Job, now: number): Phrase {
  if (job.cancelling && isActive(job)) return { key: "words.cancelling" };
  switch (job.status) {
    case "pending":
      return waiting(job, now);
    case "processing":
      return processing(job);
    case "completed":
      return { key: "words.completed" };
    case "failed":
      return { key: "words.failed" };
    case "cancelled":
      return { key: "words.cancelled" };
    default:
      // A status of a newer server.
      return { key: "words.waiting" };
  }
}

function waiting(job: Job, now: number): Phrase {
  if (job.phase === "retrying") {
    const left = job.nextAttemptAt ? Math.ceil((Date.parse(job.nextAttemptAt) - now) / 1_000) : 0;
    if (left <= 0) return { key: "words.retryingNow" };
    // While the upstream is away for everybody it waits without having been tried.
    if (job.retries === 0) return { key: "words.retryingIn", values: { seconds: left } };
    return { key: "words.retryingNth", values: { seconds: left, count: job.retries + 1, ordinal: true } };
  }
  if (job.queuePosition === 1) return { key: "words.waitingNext" };
  if (job.queuePosition !== null && job.queuePosition > 1) {
    return { key: "words.waitingInLine", values: { count: job.queuePosition, ordinal: true } };
  }
  return { key: "words.waiting" };
}

function processing(job: Job): Phrase {
  switch (job.phase) {
    case "queued":
      return { key: "words.queued" };
    case "generating":
      return { key: "words.generating", values: { percent: Math.round(job.progress) } };
    case "downloading":
      return { key: "words.downloading" };
    default:
      return { key: "words.submitting" };
  }
}

/** Whether the line of light shows a known progress, or breathes. */
export const hasKnownProgress = (job: Job): boolean =>
  !job.cancelling && job.status === "processing" && (job.phase === "generating" || job.phase === "downloading") && job.progress > 0;
