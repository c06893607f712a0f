// The states that the socket tells, handed on once per animation frame however many come. Invariant: their order stays, and while
// the page is hidden, when no frame is drawn, none waits.
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

  /** Hands on what waits, before something else happens. */
  flush(): void {
    const jobs = this.#queue;
    this.clear();
    if (jobs.length > 0) this.#apply(jobs);
  }

  /** Forgets what waits. */
  clear(): void {
    cancelAnimationFrame(this.#frameRequest);
    this.#frameRequest = 0;
    this.#queue = [];
  }
}
