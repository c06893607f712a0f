// A refusal of the server in the reader's words. Invariant: codes are the contract; the server's own sentences are not shown for it.
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/lib/api/client";

const keys = {
  network: "error.network",
  forbidden_origin: "error.forbidden_origin",
  too_large: "error.too_large",
  invalid_fields: "error.invalid_fields",
  unauthenticated: "error.unauthenticated",
  unavailable: "error.unavailable",
  wrong_state: "error.wrong_state",
} as const;

export function useErrorText(): (error: Pick<ApiError, "code" | "retryAfter">) => string {
  const { t } = useTranslation();
  return ({ code, retryAfter }) => {
    if (code === "rate_limited") return t("error.rate_limited", { count: Math.max(1, Math.ceil(retryAfter ?? 1)) });
    return Object.hasOwn(keys, code) ? t(keys[code as keyof typeof keys]) : t("error.internal");
  };
}
