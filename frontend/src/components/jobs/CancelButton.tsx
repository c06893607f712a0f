// Cancels an active job. Invariant: after the click it stays in place, disabled.
import { useTranslation } from "react-i18next";
import { X } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { ignoreDoubleClick } from "@/components/ui/ignoreDoubleClick";
import type { Job } from "@/lib/api/types";
import { runAction } from "@/lib/jobs/actions";

export function CancelButton({ job, compact = false }: { job: Job; compact?: boolean }) {
  const { t } = useTranslation();
  const props = {
    onClick: ignoreDoubleClick(() => void runAction("cancel", job)),
    "aria-disabled": job.cancelling,
    "data-testid": "job-cancel",
  };
  if (!compact) return <Button {...props}>{t("jobActions.cancel")}</Button>;
  return (
    <IconButton label={t("jobActions.cancel")} {...props}>
      <X size={18} aria-hidden />
    </IconButton>
  );
}
