// A refusal of the server in the reader's words. Invariant: codes are the contract; the server's own sentences are not shown for
// it, and a wait counts down to its end.
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/lib/api/client";
import { useCountdownNow } from "@/lib/useNow";

const keys = {
  network: "error.network",
  forbidden: "error.forbidden",
  insufficient_scope: "error.forbidden",
  forbidden_origin: "error.forbidden_origin",
  too_large: "error.too_large",
  too_many_waiting: "error.too_many_waiting",
  daily_submissions: "error.daily_limit",
  gone: "error.gone",
  quota_exceeded: "error.quota_exceeded",
  invalid_fields: "error.invalid_fields",
  invalid_credentials: "error.invalid_credentials",
  unauthenticated: "error.unauthenticated",
  unavailable: "error.unavailable",
  unsupported_media_type: "error.unsupported_media_type",
  wrong_state: "error.wrong_state",
} as const;

export type Refused = Pick<ApiError, "code" | "retryAt">;

/** What is over after a while. */
const waits = { rate_limited: "error.rate_limited", too_many_attempts: "error.too_many_attempts" } as const;

/** How long one still has to wait, in whole seconds. */
export function useWait(error: Refused | null): number {
  const until = error && Object.hasOwn(waits, error.code) ? error.retryAt : null;
  const now = useCountdownNow(until !== null);
  return until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1_000));
}

export function useErrorText(error: Refused): string;
export function useErrorText(error: Refused | null): string | null;
export function useErrorText(error: Refused | null): string | null {
  const { t } = useTranslation();
  const wait = useWait(error);
  if (!error) return null;
  if (Object.hasOwn(waits, error.code)) {
    return wait > 0 ? t(waits[error.code as keyof typeof waits], { count: wait }) : t("error.rate_limited_over");
  }
  return Object.hasOwn(keys, error.code) ? t(keys[error.code as keyof typeof keys]) : t("error.internal");
}
