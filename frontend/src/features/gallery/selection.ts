// The selected jobs, to be deleted together. Invariant: contains only ended jobs that exist.
import { create } from "zustand";
import { asApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import { isActive } from "@/lib/jobs/reducer";
import { useJobs } from "@/lib/jobs/store";

/** Number of simultaneous delete requests. */
const maxConcurrentDeletes = 4;

interface SelectionStore {
  /** Selection mode is on, even if nothing is selected. */
  active: boolean;
  selected: ReadonlySet<string>;
  /** The last toggled job: a Shift click selects everything from here. */
  anchor: string | null;
  /** Number of jobs that are still to be deleted. */
  remaining: number;
  start: () => void;
  toggle: (id: string) => void;
  add: (ids: readonly string[]) => void;
  clear: () => void;
}

const emptySelection = { active: false, selected: new Set<string>() as ReadonlySet<string>, anchor: null, remaining: 0 };

export const useSelection = create<SelectionStore>()((set) => ({
  ...emptySelection,
  start: () => set({ active: true }),
  toggle: (id) =>
    set(({ selected }) => {
      const next = new Set(selected);
      if (!next.delete(id)) next.add(id);
      return { selected: next, anchor: next.has(id) ? id : null };
    }),
  add: (ids) => set(({ selected }) => ({ selected: new Set([...selected, ...ids]), anchor: ids.at(-1) ?? null })),
  clear: () => set(emptySelection),
}));

export const useIsSelected = (id: string): boolean => useSelection(({ selected }) => selected.has(id));
export const useIsSelecting = (): boolean => useSelection(({ active, selected }) => active || selected.size > 0);

/** Whether a click on a card selects it. */
export const isSelecting = (): boolean => {
  const { active, selected } = useSelection.getState();
  return active || selected.size > 0;
};

/** Returns the ids between two jobs, inclusive, in display order. */
export function rangeBetween(ids: readonly string[], from: string, to: string): string[] {
  const [a, b] = [ids.indexOf(from), ids.indexOf(to)];
  return a < 0 || b < 0 ? [to] : ids.slice(Math.min(a, b), Math.max(a, b) + 1);
}

/** Deletes the selected jobs. Those that could not be deleted stay selected. */
export async function deleteSelected(): Promise<{ deleted: number; failed: number }> {
  const queue = [...useSelection.getState().selected];
  const all = queue.length;
  let deleted = 0;
  useSelection.setState({ remaining: all });
  const deleteNext = async () => {
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      if (await deleteJob(id)) deleted += 1;
      useSelection.setState(({ remaining }) => ({ remaining: Math.max(0, remaining - 1) }));
    }
  };
  await Promise.all(Array.from({ length: maxConcurrentDeletes }, deleteNext));
  useSelection.setState({ remaining: 0 });
  return { deleted, failed: all - deleted };
}

async function deleteJob(id: string): Promise<boolean> {
  try {
    await videos.remove(id);
  } catch (cause) {
    // Deleted already.
    if (asApiError(cause).status !== 404) return false;
  }
  useJobs.getState().apply({ type: "gone", id, seq: 0 });
  return true;
}

/** Deselects jobs that were deleted or started again. Returns a function that stops it. */
export const syncSelection = (): (() => void) =>
  useJobs.subscribe(({ jobs }, previous) => {
    const { selected } = useSelection.getState();
    if (jobs === previous.jobs || selected.size === 0) return;
    const kept = [...selected].filter((id) => {
      const job = jobs.get(id);
      return job && !isActive(job);
    });
    if (kept.length < selected.size) useSelection.setState({ selected: new Set(kept), ...(kept.length === 0 && { anchor: null }) });
  });
