// Estimates a job's remaining time, from its own progress or from the history of similar jobs. Pure; returns null rather than a guess.
import type { Job } from "@/lib/api/types";

/** In seconds. `soon`: a few seconds at most. */
export type RemainingTime = { from: number; to: number } | "soon";

const soonThresholdSeconds = 8;
/** Progress in percent from which a job's own pace is more reliable than the history. */
const minProgressForExtrapolation = 10;
/** Estimates are rounded up to multiples of this, so that they do not tick. */
const roundingSeconds = 5;

/** `now` is the server's time in ms. */
export function remainingTime(job: Job, now: number): RemainingTime | null {
  const eta = job.etaSeconds;
  if (!eta || job.cancelling || job.phase === "retrying") return null;
  // Not started: the whole duration remains.
  if (job.status === "pending") return { from: eta.p50, to: eta.p90 };
  if (job.status !== "processing") return null;
  // The start time is that of the first attempt, but the progress that of the last.
  if (job.retries + job.resubmits > 0) return null;
  const elapsed = job.startedAt === null ? 0 : Math.max(0, (now - Date.parse(job.startedAt)) / 1_000);
  const usesOwnProgress = job.phase === "generating" && job.progress >= minProgressForExtrapolation;
  // Slower than nearly all others, and without a progress of its own.
  if (!usesOwnProgress && elapsed > eta.p90) return null;
  // The median, or once that has passed, the 90th percentile.
  const secondsLeft = usesOwnProgress ? (elapsed * (100 - job.progress)) / job.progress : (elapsed < eta.p50 ? eta.p50 : eta.p90) - elapsed;
  if (secondsLeft < soonThresholdSeconds) return "soon";
  const rounded = Math.ceil(secondsLeft / roundingSeconds) * roundingSeconds;
  return { from: rounded, to: rounded };
}
