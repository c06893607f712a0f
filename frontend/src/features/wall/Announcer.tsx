// Tells screen readers when a job they were waiting for ends. Invariant: only ends that were witnessed, one sentence each.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useJobs } from "@/lib/jobs/store";
import { isActive } from "@/lib/live/reducer";

type Ending = "completed" | "failed";

export function Announcer() {
  const { t } = useTranslation();
  const [ending, setEnding] = useState<{ kind: Ending; id: string } | null>(null);
  useEffect(
    () =>
      useJobs.subscribe((state, before) => {
        if (state.jobs === before.jobs) return;
        for (const [id, job] of Object.entries(state.jobs)) {
          const was = before.jobs[id];
          if (!was || was === job || !isActive(was)) continue;
          if (job.status === "completed" || job.status === "failed") setEnding({ kind: job.status, id });
        }
      }),
    [],
  );
  return (
    <div role="status" className="visually-hidden">
      {ending && <p key={ending.id}>{t(ending.kind === "completed" ? "wall.ready" : "wall.failed")}</p>}
    </div>
  );
}
