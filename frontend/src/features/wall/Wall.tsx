// The wall: every job and video, in rows. Invariant: only what is near the screen is drawn, and the wall has its full height always.
import { useCallback, useEffect, useMemo, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { isFiltering, matches, useFilter } from "@/lib/jobs/filter";
import { useJobs } from "@/lib/jobs/store";
import { isActive } from "@/lib/live/reducer";
import { Filters } from "./Filters";
import { LoadMore } from "./LoadMore";
import { NothingFound } from "./NothingFound";
import { wallOrder, within } from "./order";
import { between, useIsChoosing, useSelection } from "./selection";
import { SelectionBar } from "./SelectionBar";
import { useLibrary } from "./useLibrary";
import { WallCards } from "./WallCards";
import styles from "./Wall.module.css";

interface Props {
  /** What hangs there while nothing does. */
  empty: ReactNode;
  /** Takes a job's prompt and settings back to the composer. */
  onReuse: (job: Job) => void;
}

/** With fewer cards everyone sees that this is all. */
const endWorthSaying = 24;

export function Wall({ empty, onReuse }: Props) {
  const { t } = useTranslation();
  const jobs = useJobs((state) => state.jobs);
  const sending = useJobs((state) => state.sending);
  const q = useFilter((state) => state.q);
  const status = useFilter((state) => state.status);
  const library = useLibrary();
  const filtering = isFiltering({ q, status });
  const { reach, cursor } = library;

  const ordered = useMemo(() => {
    const all = [...jobs.values()];
    if (filtering) return wallOrder(all.filter((job) => matches(job, { q, status })));
    return wallOrder(cursor === null ? all : within(all, reach));
  }, [jobs, filtering, q, status, cursor, reach]);
  const onChoose = useChoose(ordered);
  const choosing = useIsChoosing();

  const shownSending = filtering ? [] : sending;
  const count = shownSending.length + ordered.length;
  const nothing = count === 0 && cursor === null;
  return (
    <section aria-label={t("wall.label")} className={styles.wall}>
      {(count > 0 || filtering) && <Filters count={ordered.length} complete={cursor === null} />}
      {nothing && (filtering ? <NothingFound /> : empty)}
      <WallCards jobs={ordered} sending={shownSending} onReuse={onReuse} onChoose={onChoose} />
      {/* Not the same element: it would jump from the top of the empty wall to the end of the full one. */}
      <LoadMore key={count > 0 ? "end" : "begin"} library={library} quiet={count < endWorthSaying} />
      {choosing && <SelectionBar all={choosable(ordered)} />}
    </section>
  );
}

/** What has ended can be chosen. */
const choosable = (jobs: readonly Job[]): string[] => jobs.filter((job) => !isActive(job)).map((job) => job.id);

/** Choosing a card, or with Shift all cards from the last chosen one on; stays the same function while jobs change. */
function useChoose(ordered: readonly Job[]): (id: string, range: boolean) => void {
  const latest = useRef(ordered);
  useEffect(() => {
    latest.current = ordered;
  }, [ordered]);
  return useCallback((id: string, range: boolean) => {
    const { anchor, toggle, add } = useSelection.getState();
    if (range && anchor !== null) add(between(choosable(latest.current), anchor, id));
    else toggle(id);
  }, []);
}
