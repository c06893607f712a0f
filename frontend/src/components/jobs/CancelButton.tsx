// Ends a job that is under way. Invariant: once pressed it stays where it is, and does nothing more.
import { useTranslation } from "react-i18next";
import { X } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { onceOnly } from "@/components/ui/onceOnly";
import type { Job } from "@/lib/api/types";
import { act } from "@/lib/jobs/actions";

export function CancelButton({ job, compact = false }: { job: Job; compact?: boolean }) {
  const { t } = useTranslation();
  const props = {
    onClick: onceOnly(() => void act("cancel", job)),
    "aria-disabled": job.cancelling,
    "data-testid": "job-cancel",
  };
  if (!compact) return <Button {...props}>{t("help.cancel")}</Button>;
  return (
    <IconButton label={t("help.cancel")} {...props}>
      <X size={18} aria-hidden />
    </IconButton>
  );
}
