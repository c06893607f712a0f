// The suggested action for a job that ended without a video: retry, download again, or edit the prompt.
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ignoreDoubleClick } from "@/components/ui/ignoreDoubleClick";
import type { Job } from "@/lib/api/types";
import { runAction } from "@/lib/jobs/actions";
import type { Recovery } from "@/lib/jobs/failure";
import { usePendingAction } from "@/lib/jobs/useJobActions";

interface Props {
  job: Job;
  recovery: Recovery;
  onEdit: (job: Job) => void;
  kind?: "accent" | "quiet" | "plain";
  className?: string | undefined;
  /** Id of the element that states the cost. */
  describedBy?: string | undefined;
}

const labels = { retry: "app.tryAgain", fetch: "jobActions.fetch", edit: "gallery.editPrompt" } as const;

export function RecoveryButton({ job, recovery, onEdit, kind = "quiet", className, describedBy }: Props) {
  const { t } = useTranslation();
  const pending = usePendingAction(job);
  const run = ignoreDoubleClick(() => (recovery === "edit" ? onEdit(job) : void runAction(recovery, job)));
  return (
    <Button
      kind={kind}
      className={className}
      onClick={run}
      aria-disabled={pending !== null}
      aria-describedby={describedBy}
      data-testid={`job-${recovery}`}
    >
      {t(labels[recovery])}
    </Button>
  );
}
