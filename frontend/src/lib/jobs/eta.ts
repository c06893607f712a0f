// How long a job may still take: by its own progress, or else by how long its like have taken. Invariant: pure; says nothing while
// nothing is known, and never promises less than a few seconds.
import type { Job } from "@/lib/api/types";

/** In seconds. `soon`: what usually remains is no more than moments. */
export type RemainingTime = { from: number; to: number } | "soon";

const soonThresholdSeconds = 8;
/** From here on, in per cent, a job's own progress tells more than others' history. */
const minProgressForExtrapolation = 10;
/** Seconds are told in steps, so that the figure does not tick. */
const roundingSeconds = 5;

/** `now` is the server's time in ms. */
export function remainingTime(job: Job, now: number): RemainingTime | null {
  const eta = job.etaSeconds;
  if (!eta || job.cancelling || job.phase === "retrying") return null;
  // It has not begun: all of it is still to come.
  if (job.status === "pending") return { from: eta.p50, to: eta.p90 };
  if (job.status !== "processing") return null;
  // Its clock began with the first request, and its progress with the last.
  if (job.retries + job.resubmits > 0) return null;
  const elapsed = job.startedAt === null ? 0 : Math.max(0, (now - Date.parse(job.startedAt)) / 1_000);
  const usesOwnProgress = job.phase === "generating" && job.progress >= minProgressForExtrapolation;
  // It takes longer than its like, and does not say how far it is.
  if (!usesOwnProgress && elapsed > eta.p90) return null;
  // The usual time; for one that takes longer, that of the slow ones.
  const left = usesOwnProgress ? (elapsed * (100 - job.progress)) / job.progress : (elapsed < eta.p50 ? eta.p50 : eta.p90) - elapsed;
  if (left < soonThresholdSeconds) return "soon";
  const rounded = Math.ceil(left / roundingSeconds) * roundingSeconds;
  return { from: rounded, to: rounded };
}
