// Tells that jobs have ended, by as many ways as are wanted: a toast, a sentence for screen readers, the tab's title, a desktop
// notification, a sound. Invariant: only what was witnessed and is not in sight; at most three toasts, the rest is counted.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useJobs } from "@/lib/jobs/store";
import { usePreferences } from "@/lib/preferences/store";
import { shorten } from "@/lib/text";
import { toast } from "@/lib/toasts";
import { chime } from "./chime";
import { endingsBetween, type Endings } from "./endings";
import { notify } from "./notify";
import { useTitleCount } from "./useTitleCount";

const mostToasts = 3;
const shownLength = 80;

export function Completions() {
  const { t } = useTranslation();
  // Numbered, so that the same words are announced again.
  const [said, setSaid] = useState({ sentence: "", number: 0 });
  const countUnseen = useTitleCount();

  useEffect(() => {
    const say = (sentence: string) => setSaid(({ number }) => ({ sentence, number: number + 1 }));
    const ended = (endings: Endings) => {
      const { completed } = endings;
      const unseen = completed.filter((job) => document.hidden || !isInSight(job));
      for (const job of unseen.slice(0, mostToasts)) {
        toast({ text: t("completion.ready"), detail: shorten(job.prompt, shownLength), href: `/videos/${job.id}` });
      }
      const rest = unseen.length - mostToasts;
      if (rest > 0) toast({ text: t("completion.more", { count: rest }), href: "/" });
      // A toast is announced by itself.
      if (completed.length > 0 && unseen.length === 0) say(t("wall.ready"));
      else if (endings.failed > 0) say(t("wall.failed"));
      else if (endings.cancelled > 0) say(t("wall.cancelled"));
      else if (endings.deleted > 0) say(t("wall.deleted"));
      if (completed.length > 0) signal(completed);
    };
    const signal = (completed: readonly Job[]) => {
      const { sound, notifications } = usePreferences.getState();
      if (sound) chime();
      if (!document.hidden) return;
      countUnseen(completed.length);
      if (!notifications) return;
      const [first] = completed;
      if (completed.length === 1 && first) notify(t("completion.ready"), shorten(first.prompt, shownLength));
      else notify(t("completion.several", { count: completed.length }), "");
    };
    return useJobs.subscribe((state, before) => {
      if (state.jobs !== before.jobs) ended(endingsBetween(before, state));
    });
  }, [t, countUnseen]);

  return (
    <div role="status" className="visually-hidden">
      <p key={said.number}>{said.sentence}</p>
    </div>
  );
}

/** Whether its card or its own view shows on the screen at this moment. */
function isInSight({ id }: Job): boolean {
  const element = document.querySelector(`[data-job-id="${CSS.escape(id)}"]`);
  if (!element) return false;
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}
