// Translates API errors. Invariant: selects the text by the error's code, never shows the server's own, and counts down to
// `retryAt`.
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/lib/api/client";
import { useCountdownNow } from "@/lib/useNow";
import { useFormat } from "./format";

const errorKeys = {
  network: "error.network",
  forbidden: "error.forbidden",
  insufficient_scope: "error.forbidden",
  forbidden_origin: "error.forbidden_origin",
  not_found: "error.not_found",
  too_large: "error.too_large",
  too_many_waiting: "error.too_many_waiting",
  gone: "error.gone",
  quota_exceeded: "error.quota_exceeded",
  internal: "error.internal",
  invalid_fields: "error.invalid_fields",
  invalid_credentials: "error.invalid_credentials",
  unauthenticated: "error.unauthenticated",
  unavailable: "error.unavailable",
  unsupported_media_type: "error.unsupported_media_type",
  wrong_state: "error.wrong_state",
} as const;

export type DisplayableError = Pick<ApiError, "code" | "retryAt">;

/** Errors that end within seconds. */
const countdownKeys = { rate_limited: "error.rate_limited", too_many_attempts: "error.too_many_attempts" } as const;

/** Returns the remaining seconds until a retry is allowed, or 0. */
export function useRetryCountdown(error: DisplayableError | null): number {
  const until = error && Object.hasOwn(countdownKeys, error.code) ? error.retryAt : null;
  const now = useCountdownNow(until !== null);
  return until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1_000));
}

export function useErrorText(error: DisplayableError): string;
export function useErrorText(error: DisplayableError | null): string | null;
export function useErrorText(error: DisplayableError | null): string | null {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const secondsLeft = useRetryCountdown(error);
  if (!error) return null;
  const { code, retryAt } = error;
  if (Object.hasOwn(countdownKeys, code)) {
    return secondsLeft > 0 ? t(countdownKeys[code as keyof typeof countdownKeys], { count: secondsLeft }) : t("error.rate_limit_over");
  }
  if (code === "daily_submissions") {
    return retryAt === null
      ? t("error.daily_submissions_reached")
      : t("error.daily_submissions", { date: dateTime(new Date(retryAt).toISOString()) });
  }
  if (code === "over_budget") {
    return retryAt === null
      ? t("error.over_budget_reached")
      : t("error.over_budget", { date: dateTime(new Date(retryAt).toISOString()) });
  }
  return Object.hasOwn(errorKeys, code) ? t(errorKeys[code as keyof typeof errorKeys]) : t("error.unknown");
}
