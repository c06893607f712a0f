// The one button that helps a job which ended without a video. Invariant: what it may cost is tied to it for those who cannot see
// it beside it.
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { onceOnly } from "@/components/ui/onceOnly";
import type { Job } from "@/lib/api/types";
import { act } from "@/lib/jobs/actions";
import { usePending } from "@/lib/jobs/useActing";
import type { Help } from "@/lib/jobs/failure";

interface Props {
  job: Job;
  help: Help;
  onEdit: (job: Job) => void;
  kind?: "accent" | "quiet" | "plain";
  className?: string | undefined;
  /** Of the sentence about the cost. */
  describedBy?: string | undefined;
}

const labels = { retry: "app.tryAgain", fetch: "help.fetch", edit: "wall.editPrompt" } as const;

export function HelpButton({ job, help, onEdit, kind = "quiet", className, describedBy }: Props) {
  const { t } = useTranslation();
  const pending = usePending(job);
  const run = onceOnly(() => (help === "edit" ? onEdit(job) : void act(help, job)));
  return (
    <Button
      kind={kind}
      className={className}
      onClick={run}
      aria-disabled={pending !== null}
      aria-describedby={describedBy}
      data-testid={`job-${help}`}
    >
      {t(labels[help])}
    </Button>
  );
}
