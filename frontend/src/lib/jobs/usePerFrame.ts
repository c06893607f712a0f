// The jobs as a whole view needs them. Invariant: however many frames the socket brings, the view is drawn once per animation frame.
import { useSyncExternalStore } from "react";
import { useJobs } from "./store";

type Jobs = ReturnType<typeof useJobs.getState>["jobs"];

let shown: Jobs = useJobs.getState().jobs;
let due = 0;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) shown = useJobs.getState().jobs;
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function draw(): void {
  due = 0;
  shown = useJobs.getState().jobs;
  for (const listener of listeners) listener();
}

useJobs.subscribe(({ jobs, gone, sending }, before) => {
  if (jobs === before.jobs || listeners.size === 0) return;
  // Someone's own press shows at once, and a request becomes its job without a frame in between that holds neither.
  if (gone !== before.gone || sending !== before.sending) {
    if (due !== 0) cancelAnimationFrame(due);
    draw();
  } else if (due === 0) {
    due = requestAnimationFrame(draw);
  }
});

export const useJobsPerFrame = (): Jobs => useSyncExternalStore(subscribe, () => (listeners.size === 0 ? useJobs.getState().jobs : shown));
