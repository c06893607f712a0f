// Which jobs are chosen, to be deleted together. Invariant: only jobs that have ended, and only while they are there.
import { create } from "zustand";
import { asApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import { useJobs } from "@/lib/jobs/store";
import { isActive } from "@/lib/live/reducer";

/** Deleted at the same time. */
const atOnce = 4;

interface SelectionStore {
  /** Someone wants to choose, though nothing is chosen yet. */
  started: boolean;
  chosen: ReadonlySet<string>;
  /** The last one pressed: a press with Shift takes everything in between. */
  anchor: string | null;
  /** How many are still to be deleted. */
  left: number;
  start: () => void;
  toggle: (id: string) => void;
  add: (ids: readonly string[]) => void;
  clear: () => void;
}

const nothing = { started: false, chosen: new Set<string>() as ReadonlySet<string>, anchor: null, left: 0 };

export const useSelection = create<SelectionStore>()((set) => ({
  ...nothing,
  start: () => set({ started: true }),
  toggle: (id) =>
    set(({ chosen }) => {
      const next = new Set(chosen);
      if (!next.delete(id)) next.add(id);
      return { chosen: next, anchor: next.has(id) ? id : null };
    }),
  add: (ids) => set(({ chosen }) => ({ chosen: new Set([...chosen, ...ids]), anchor: ids.at(-1) ?? null })),
  clear: () => set(nothing),
}));

export const useIsChosen = (id: string): boolean => useSelection(({ chosen }) => chosen.has(id));
export const useIsChoosing = (): boolean => useSelection(({ started, chosen }) => started || chosen.size > 0);

/** Whether a press on a card chooses it. */
export const isChoosing = (): boolean => {
  const { started, chosen } = useSelection.getState();
  return started || chosen.size > 0;
};

/** Everything between two jobs in the order in which they hang. */
export function between(ids: readonly string[], from: string, to: string): string[] {
  const [a, b] = [ids.indexOf(from), ids.indexOf(to)];
  return a < 0 || b < 0 ? [to] : ids.slice(Math.min(a, b), Math.max(a, b) + 1);
}

/** Deletes what is chosen; what could not be deleted stays chosen. Resolves to how many were, and were not. */
export async function deleteChosen(): Promise<{ deleted: number; kept: number }> {
  const waiting = [...useSelection.getState().chosen];
  const all = waiting.length;
  let deleted = 0;
  useSelection.setState({ left: all });
  const work = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (await isDeleted(id)) deleted += 1;
      useSelection.setState(({ left }) => ({ left: Math.max(0, left - 1) }));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  useSelection.setState({ left: 0 });
  return { deleted, kept: all - deleted };
}

async function isDeleted(id: string): Promise<boolean> {
  try {
    await videos.remove(id);
  } catch (cause) {
    // Gone already is gone.
    if (asApiError(cause).status !== 404) return false;
  }
  useJobs.getState().apply({ type: "gone", id, seq: 0 });
  return true;
}

useJobs.subscribe(({ jobs }, before) => {
  const { chosen } = useSelection.getState();
  if (jobs === before.jobs || chosen.size === 0) return;
  const still = [...chosen].filter((id) => {
    const job = jobs.get(id);
    return job && !isActive(job);
  });
  if (still.length < chosen.size) useSelection.setState({ chosen: new Set(still), ...(still.length === 0 && { anchor: null }) });
});
