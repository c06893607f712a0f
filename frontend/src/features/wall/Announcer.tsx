// Tells screen readers when a job they were waiting for ends. Invariant: only ends that were witnessed, one sentence each.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useJobs } from "@/lib/jobs/store";
import { isActive } from "@/lib/live/reducer";

const sentences = {
  completed: "wall.ready",
  failed: "wall.failed",
  cancelled: "wall.cancelled",
  deleted: "wall.deleted",
} as const;
type Ending = keyof typeof sentences;

export function Announcer() {
  const { t } = useTranslation();
  const [ending, setEnding] = useState<{ kind: Ending; key: string } | null>(null);
  useEffect(
    () =>
      useJobs.subscribe((state, before) => {
        if (state.jobs === before.jobs) return;
        for (const [id, was] of Object.entries(before.jobs)) {
          const job = state.jobs[id];
          if (!job) setEnding({ kind: "deleted", key: id });
          else if (job !== was && isActive(was) && job.status in sentences) setEnding({ kind: job.status as Ending, key: `${id} ${job.seq}` });
        }
      }),
    [],
  );
  return (
    <div role="status" className="visually-hidden">
      {ending && <p key={ending.key}>{t(sentences[ending.kind])}</p>}
    </div>
  );
}
