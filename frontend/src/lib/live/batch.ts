// Batches job states from the websocket, one batch per animation frame. Invariant: the order is kept, and nothing is held back while the
// page is hidden, when no frames are drawn.
import type { Job } from "@/lib/api/types";

export class Batch {
  readonly #apply: (jobs: readonly Job[]) => void;
  #queue: Job[] = [];
  #frameRequest = 0;

  constructor(apply: (jobs: readonly Job[]) => void) {
    this.#apply = apply;
  }

  add(job: Job): void {
    this.#queue.push(job);
    if (document.visibilityState === "hidden") this.flush();
    else if (this.#frameRequest === 0) this.#frameRequest = requestAnimationFrame(() => this.flush());
  }

  /** Applies the queued states now. */
  flush(): void {
    const jobs = this.#queue;
    this.clear();
    if (jobs.length > 0) this.#apply(jobs);
  }

  /** Discards the queued states. */
  clear(): void {
    cancelAnimationFrame(this.#frameRequest);
    this.#frameRequest = 0;
    this.#queue = [];
  }
}
