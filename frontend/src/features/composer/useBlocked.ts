// Why the prompt cannot be sent at this moment. Invariant: one reason at a time, the one that someone can do something about first.
import { useTranslation } from "react-i18next";
import { useWait } from "@/lib/i18n/useErrorText";
import { useOnline } from "@/lib/useOnline";
import { useReference } from "./reference";
import { useComposer } from "./store";
import { promptProblem } from "./validate";

export interface Blocked {
  reason: string;
  /** Whether it is said only after someone has tried: an empty box is no mistake. */
  whenAsked: boolean;
}

export function useBlocked(): Blocked | null {
  const { t } = useTranslation();
  const text = useComposer((state) => state.text);
  const wait = useWait(useComposer((state) => state.notice?.error ?? null));
  const uploading = useReference((state) => state.uploading);
  const online = useOnline();
  const problem = promptProblem(text);
  const quiet = problem?.key === "composer.blocked.empty";
  if (!online) return { reason: t("composer.blocked.offline"), whenAsked: quiet };
  if (problem) return { reason: "count" in problem ? t(problem.key, { count: problem.count }) : t(problem.key), whenAsked: quiet };
  if (wait > 0) return { reason: t("composer.blocked.wait", { count: wait }), whenAsked: true };
  return uploading ? { reason: t("composer.blocked.uploading"), whenAsked: true } : null;
}
