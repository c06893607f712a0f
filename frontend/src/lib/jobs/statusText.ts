// Describes what a job is doing. Pure; states only what is known.
import type { Job } from "@/lib/api/types";
import { isActive } from "./reducer";

export type StatusText =
  | {
      key:
        | "jobStatus.sending"
        | "jobStatus.waiting"
        | "jobStatus.waitingNext"
        | "jobStatus.retryingNow"
        | "jobStatus.submitting"
        | "jobStatus.queued"
        | "jobStatus.downloading"
        | "jobStatus.completed"
        | "jobStatus.failed"
        | "jobStatus.cancelling"
        | "jobStatus.cancelled";
    }
  | { key: "jobStatus.waitingPosition"; values: { count: number; ordinal: true } }
  | { key: "jobStatus.retryingIn"; values: { seconds: number } }
  | { key: "jobStatus.retryingNth"; values: { seconds: number; count: number; ordinal: true } }
  | { key: "jobStatus.generating"; values: { percent: number } };

/** `now` is the server's time in ms, for the countdown to the next attempt. */
export function statusText(job: Job, now: number): StatusText {
  if (job.cancelling && isActive(job)) return { key: "jobStatus.cancelling" };
  switch (job.status) {
    case "pending":
      return waiting(job, now);
    case "processing":
      return processing(job);
    case "completed":
      return { key: "jobStatus.completed" };
    case "failed":
      return { key: "jobStatus.failed" };
    case "cancelled":
      return { key: "jobStatus.cancelled" };
    default:
      // A status of a newer server.
      return { key: "jobStatus.waiting" };
  }
}

function waiting(job: Job, now: number): StatusText {
  if (job.phase === "retrying") {
    const secondsLeft = job.nextAttemptAt ? Math.ceil((Date.parse(job.nextAttemptAt) - now) / 1_000) : 0;
    if (secondsLeft <= 0) return { key: "jobStatus.retryingNow" };
    // Waiting without an attempt: the upstream is unavailable for all jobs.
    if (job.retries === 0) return { key: "jobStatus.retryingIn", values: { seconds: secondsLeft } };
    return { key: "jobStatus.retryingNth", values: { seconds: secondsLeft, count: job.retries + 1, ordinal: true } };
  }
  if (job.queuePosition === 1) return { key: "jobStatus.waitingNext" };
  if (job.queuePosition !== null && job.queuePosition > 1) {
    return { key: "jobStatus.waitingPosition", values: { count: job.queuePosition, ordinal: true } };
  }
  return { key: "jobStatus.waiting" };
}

function processing(job: Job): StatusText {
  switch (job.phase) {
    case "queued":
      return { key: "jobStatus.queued" };
    case "generating":
      return { key: "jobStatus.generating", values: { percent: Math.round(job.progress) } };
    case "downloading":
      return { key: "jobStatus.downloading" };
    default:
      return { key: "jobStatus.submitting" };
  }
}

/** Whether the progress bar shows a value, or pulses. */
export const hasKnownProgress = (job: Job): boolean =>
  !job.cancelling && job.status === "processing" && (job.phase === "generating" || job.phase === "downloading") && job.progress > 0;
