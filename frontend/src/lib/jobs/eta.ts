// How long a job may still take: by its own progress, or else by how long its like have taken. Invariant: pure; says nothing while
// nothing is known, and never promises less than a few seconds.
import type { Job } from "@/lib/api/types";

/** In seconds. `soon`: what usually remains is no more than moments. */
export type Remaining = { from: number; to: number } | "soon";

const soonBelow = 8;
/** From here on, in per cent, a job's own progress tells more than others' history. */
const telling = 10;
/** Seconds are told in steps, so that the figure does not tick. */
const step = 5;

/** `now` is the server's time in ms. */
export function remaining(job: Job, now: number): Remaining | null {
  const eta = job.etaSeconds;
  if (!eta || job.cancelling || job.phase === "retrying") return null;
  // It has not begun: all of it is still to come.
  if (job.status === "pending") return { from: eta.p50, to: eta.p90 };
  if (job.status !== "processing") return null;
  // Its clock began with the first request, and its progress with the last.
  if (job.retries + job.resubmits > 0) return null;
  const elapsed = job.startedAt === null ? 0 : Math.max(0, (now - Date.parse(job.startedAt)) / 1_000);
  const ownPace = job.phase === "generating" && job.progress >= telling;
  // It takes longer than its like, and does not say how far it is.
  if (!ownPace && elapsed > eta.p90) return null;
  // The usual time; for one that takes longer, that of the slow ones.
  const left = ownPace ? (elapsed * (100 - job.progress)) / job.progress : (elapsed < eta.p50 ? eta.p50 : eta.p90) - elapsed;
  if (left < soonBelow) return "soon";
  const told = Math.ceil(left / step) * step;
  return { from: told, to: told };
}
