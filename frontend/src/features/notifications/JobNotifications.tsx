// Announces finished jobs: by toast, to screen readers, in the tab's title, and optionally by desktop notification and sound.
// Invariant: only jobs that finished while the page was open and are not visible; at most three toasts, the rest as a number.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useJobs } from "@/lib/jobs/store";
import { usePreferences } from "@/lib/preferences/store";
import { truncate } from "@/lib/text";
import { toast } from "@/lib/toasts";
import { playChime } from "./chime";
import { showDesktopNotification } from "./desktopNotification";
import { finishedBetween, type FinishedJobs } from "./finishedJobs";
import { useTitleCount } from "./useTitleCount";

const maxToasts = 3;
const maxPromptLength = 80;

export function JobNotifications() {
  const { t } = useTranslation();
  // Numbered, so that repeating the same text announces it again.
  const [announcement, setAnnouncement] = useState({ sentence: "", number: 0 });
  const countUnseen = useTitleCount();

  useEffect(() => {
    const announce = (sentence: string) => setAnnouncement(({ number }) => ({ sentence, number: number + 1 }));
    const notifyFinished = (finished: FinishedJobs) => {
      const { completed } = finished;
      const unseen = completed.filter((job) => document.hidden || !isVisible(job));
      for (const job of unseen.slice(0, maxToasts)) {
        toast({ text: t("notifications.ready"), detail: truncate(job.prompt, maxPromptLength), href: `/videos/${job.id}` });
      }
      const rest = unseen.length - maxToasts;
      if (rest > 0) toast({ text: t("notifications.moreReady", { count: rest }), href: "/" });
      // Toasts announce themselves.
      if (completed.length > 0 && unseen.length === 0) announce(t("gallery.ready"));
      else if (finished.failed > 0) announce(t("gallery.failed"));
      else if (finished.cancelled > 0) announce(t("gallery.cancelled"));
      else if (finished.deleted > 0) announce(t("gallery.deleted"));
      if (completed.length > 0) alert(completed);
    };
    const alert = (completed: readonly Job[]) => {
      const { sound, notifications } = usePreferences.getState();
      if (sound) playChime();
      if (!document.hidden) return;
      countUnseen(completed.length);
      if (!notifications) return;
      const [first] = completed;
      if (completed.length === 1 && first) showDesktopNotification(t("notifications.ready"), truncate(first.prompt, maxPromptLength));
      else showDesktopNotification(t("notifications.severalReady", { count: completed.length }), "");
    };
    return useJobs.subscribe((state, previous) => {
      if (state.jobs !== previous.jobs) notifyFinished(finishedBetween(previous, state));
    });
  }, [t, countUnseen]);

  return (
    <div role="status" className="visually-hidden">
      <p key={announcement.number}>{announcement.sentence}</p>
    </div>
  );
}

/** Whether the job's card or detail view is in the viewport. */
function isVisible({ id }: Job): boolean {
  const element = document.querySelector(`[data-job-id="${CSS.escape(id)}"]`);
  if (!element) return false;
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}
