// Why a job or one of its requests came to nothing, what it may have cost, and what helps. Invariant: pure; a code of a newer server
// has words too.
import type { Job } from "@/lib/api/types";

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
} as const;

type FailureCode = keyof typeof failureKeys;

export const failureKey = (code: string | null): (typeof failureKeys)[FailureCode] =>
  code !== null && Object.hasOwn(failureKeys, code) ? failureKeys[code as FailureCode] : failureKeys.internal;

/** How many requests it took to give up, where that is worth saying; a single one is not. */
export const attemptCount = ({ errorCode, retries }: Job): number | null =>
  (errorCode === "busy" || errorCode === "transient") && retries > 0 ? retries + 1 : null;

/** How one request ended: it speaks of itself alone, not of the job. */
const outcomeKeys = {
  completed: "outcome.completed",
  cancelled: "outcome.cancelled",
  refused: "outcome.refused",
  invalid: "outcome.invalid",
  upstream_gone: "outcome.upstream_gone",
  unauthorised: "outcome.unauthorised",
  busy: "outcome.busy",
  transient: "outcome.transient",
  interrupted: "outcome.interrupted",
  unknown: "outcome.unknown",
  stalled: "outcome.stalled",
  timed_out: "outcome.timed_out",
  lost: "outcome.lost",
  upstream_changed: "outcome.upstream_changed",
  unfetchable: "outcome.unfetchable",
} as const;

type Outcome = keyof typeof outcomeKeys;

export function outcomeKey(outcome: string | null): (typeof outcomeKeys)[Outcome] | "outcome.running" | "outcome.failed" {
  if (outcome === null) return "outcome.running";
  return Object.hasOwn(outcomeKeys, outcome) ? outcomeKeys[outcome as Outcome] : "outcome.failed";
}

/** How the server's own sentence about a refusal begins; what follows are somebody else's words. */
const reasonPrefix = "The video service refused this prompt: ";

/** Why it was refused, in the words of whoever refused it. */
export function rejectionReason({ status, errorCode, errorMessage }: Job): string | null {
  if (status !== "failed" || errorCode !== "refused" || !errorMessage?.startsWith(reasonPrefix)) return null;
  return errorMessage.slice(reasonPrefix.length);
}

/** What a job that did not fail may have cost beside itself. */
export const hasEarlierCharge = (job: Job): boolean => job.mayHaveBeenCharged && job.status !== "failed" && job.status !== "cancelled";

export const chargeKey = (job: Job): "failure.charged" | "failure.notCharged" =>
  job.mayHaveBeenCharged ? "failure.charged" : "failure.notCharged";

/** The one thing that helps a job which ended without a video: the same text again may meet the same answer, and a video that
 * is finished need not be paid for twice. */
export type Recovery = "retry" | "fetch" | "edit";

export function recoveryFor(job: Job): Recovery | null {
  if (job.status === "cancelled") return "retry";
  if (job.status !== "failed") return null;
  if (job.errorCode === "unfetchable") return "fetch";
  return job.errorCode === "refused" || job.errorCode === "invalid" ? "edit" : "retry";
}

/** Failures from which it cannot be told that nothing was begun. */
const codesThatMayCharge: ReadonlySet<string | null> = new Set<FailureCode>([
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
export function recoveryCostKey(job: Job): "jobActions.mayChargeAgain" | "jobActions.mayCharge" | "jobActions.noNewCharge" | null {
  const recovery = recoveryFor(job);
  if (recovery === "fetch") return "jobActions.noNewCharge";
  if (recovery !== "retry") return null;
  if (job.mayHaveBeenCharged) return "jobActions.mayChargeAgain";
  return codesThatMayCharge.has(job.errorCode) ? "jobActions.mayCharge" : null;
}
