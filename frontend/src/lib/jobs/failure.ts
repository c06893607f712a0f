// Maps failures to texts, possible charges and suggested actions. Pure; unknown codes of a newer server have a text too.
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
  unreadable: "failure.unreadable",
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

/** Returns the number of attempts before giving up, or null if there was only one. */
export const attemptCount = ({ errorCode, retries }: Job): number | null =>
  (errorCode === "busy" || errorCode === "transient") && retries > 0 ? retries + 1 : null;

/** How a single attempt ended, as opposed to the job. */
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
  unreadable: "outcome.unreadable",
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

/** Prefix of the server's message for a rejected prompt; the provider's reason follows. See processor/src/upstream/failure_message.rs. */
const reasonPrefix = "The video service refused this prompt: ";

/** Returns the provider's reason for rejecting the prompt. */
export function rejectionReason({ status, errorCode, errorMessage }: Job): string | null {
  if (status !== "failed" || errorCode !== "refused" || !errorMessage?.startsWith(reasonPrefix)) return null;
  return errorMessage.slice(reasonPrefix.length);
}

/** Whether an earlier attempt of a job that did not fail may have been charged. */
export const hasEarlierCharge = (job: Job): boolean => job.mayHaveBeenCharged && job.status !== "failed" && job.status !== "cancelled";

export const chargeKey = (job: Job): "failure.charged" | "failure.notCharged" =>
  job.mayHaveBeenCharged ? "failure.charged" : "failure.notCharged";

/**
 * The suggested action for a job that ended without a video. A rejected prompt would be rejected again, and a finished video need not be
 * paid for twice.
 */
export type Recovery = "retry" | "fetch" | "edit";

export function recoveryFor(job: Job): Recovery | null {
  if (job.status === "cancelled") return "retry";
  if (job.status !== "failed") return null;
  if (job.errorCode === "unfetchable") return "fetch";
  return job.errorCode === "refused" || job.errorCode === "invalid" ? "edit" : "retry";
}

/** Error codes after which the provider may have started generating. */
const codesThatMayCharge: ReadonlySet<string | null> = new Set<FailureCode>([
  "interrupted",
  "unknown",
  "unreadable",
  "stalled",
  "timed_out",
  "lost",
  "upstream_changed",
  "poison",
  "restored",
]);

/** Returns the text about the cost of the suggested action, if any. */
export function recoveryCostKey(job: Job): "jobActions.mayChargeAgain" | "jobActions.mayCharge" | "jobActions.noNewCharge" | null {
  const recovery = recoveryFor(job);
  if (recovery === "fetch") return "jobActions.noNewCharge";
  if (recovery !== "retry") return null;
  if (job.mayHaveBeenCharged) return "jobActions.mayChargeAgain";
  return codesThatMayCharge.has(job.errorCode) ? "jobActions.mayCharge" : null;
}
