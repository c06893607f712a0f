// What a job is doing, in words. Invariant: pure; says what is known and promises nothing more.
import type { Job, JobErrorCode } from "@/lib/api/types";
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

const failureKeys = {
  refused: "failure.refused",
  invalid: "failure.invalid",
  upstream_gone: "failure.upstream_gone",
  unauthorised: "failure.unauthorised",
  busy: "failure.busy",
  transient: "failure.transient",
  interrupted: "failure.interrupted",
  unknown: "failure.unknown",
  stalled: "failure.stalled",
  timed_out: "failure.timed_out",
  lost: "failure.lost",
  upstream_changed: "failure.upstream_changed",
  unfetchable: "failure.unfetchable",
  poison: "failure.poison",
  restored: "failure.restored",
  internal: "failure.internal",
} as const satisfies Record<JobErrorCode, string>;

export const failureKey = (code: string | null): (typeof failureKeys)[JobErrorCode] =>
  code !== null && Object.hasOwn(failureKeys, code) ? failureKeys[code as JobErrorCode] : failureKeys.internal;

/** How a request sent upstream ended: a failure in its own words, or that it did not fail. */
export function outcomeKey(outcome: string | null): (typeof failureKeys)[JobErrorCode] | `outcome.${"running" | "completed" | "cancelled"}` {
  if (outcome === null) return "outcome.running";
  if (outcome === "completed") return "outcome.completed";
  return outcome === "cancelled" ? "outcome.cancelled" : failureKey(outcome);
}

/** What a job that did not fail may have cost beside itself. */
export const hasCostlyPast = (job: Job): boolean => job.mayHaveBeenCharged && job.status !== "failed" && job.status !== "cancelled";

export const chargeKey = (job: Job): "failure.charged" | "failure.notCharged" =>
  job.mayHaveBeenCharged ? "failure.charged" : "failure.notCharged";

/** The one thing that helps a job which ended without a video: the same text again may meet the same answer, and a video that
 * is finished need not be paid for twice. */
export type Help = "retry" | "fetch" | "edit";

export function helpFor(job: Job): Help | null {
  if (job.status === "cancelled") return "retry";
  if (job.status !== "failed") return null;
  if (job.errorCode === "unfetchable") return "fetch";
  return job.errorCode === "refused" || job.errorCode === "invalid" ? "edit" : "retry";
}

/** Failures from which it cannot be told that nothing was begun. */
const mayCharge: ReadonlySet<JobErrorCode> = new Set<JobErrorCode>([
  "interrupted",
  "unknown",
  "stalled",
  "timed_out",
  "lost",
  "upstream_changed",
  "poison",
  "restored",
]);

/** What that help may cost, where there is something to say about it. */
export function costKey(job: Job): "help.mayChargeAgain" | "help.mayCharge" | "help.noNewCharge" | null {
  const help = helpFor(job);
  if (help === "fetch") return "help.noNewCharge";
  if (help !== "retry") return null;
  if (job.mayHaveBeenCharged) return "help.mayChargeAgain";
  return job.errorCode !== null && mayCharge.has(job.errorCode) ? "help.mayCharge" : null;
}
