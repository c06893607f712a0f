// Test helpers: a sample job, a fake clock and what components need around them.
import { createElement, type ComponentType, type PropsWithChildren } from "react";
import { TooltipProvider } from "@radix-ui/react-tooltip";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { Job, Model } from "@/lib/api/types";
import type { Clock } from "@/lib/live/poller";

export function makeJob(fields: Partial<Job> = {}): Job {
  return {
    id: "job-1",
    status: "pending",
    phase: null,
    progress: 0,
    seq: 1,
    prompt: "a lighthouse",
    orientation: "landscape",
    seconds: 10,
    model: "sora",
    size: "1280x720",
    remixOf: null,
    referenceImageId: null,
    videoId: null,
    hasPoster: false,
    queuePosition: null,
    etaSeconds: null,
    retries: 0,
    resubmits: 0,
    cancelling: false,
    nextAttemptAt: null,
    errorCode: null,
    errorMessage: null,
    mayHaveBeenCharged: false,
    createdAt: "2026-01-01T00:00:00Z",
    startedAt: null,
    finishedAt: null,
    ...fields,
  };
}

export function makeModel(fields: Partial<Model> = {}): Model {
  const id = fields.id ?? "sora";
  return {
    id,
    title: { en: id, zh: id },
    orientations: ["landscape", "portrait"],
    seconds: [10, 15],
    sizes: ["1280x720", "720x1280"],
    referenceImage: "optional",
    remix: true,
    price: null,
    status: "active",
    retiresOn: null,
    default: false,
    ...fields,
  };
}

/** Returns a wrapper with what the application provides: tooltips, and an empty cache whose queries fail at once. */
export function appWrapper(): ComponentType<PropsWithChildren> {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: "always" }, mutations: { networkMode: "always" } } });
  return ({ children }) => createElement(QueryClientProvider, { client }, createElement(TooltipProvider, null, children));
}

export class FakeClock implements Clock {
  #now = 0;
  #next = 1;
  readonly #timers = new Map<number, { at: number; run: () => void }>();

  readonly now = (): number => this.#now;

  readonly setTimeout = (run: () => void, ms: number): number => {
    const id = this.#next;
    this.#next += 1;
    this.#timers.set(id, { at: this.#now + ms, run });
    return id;
  };

  readonly clearTimeout = (id: number): void => {
    this.#timers.delete(id);
  };

  get pending(): number {
    return this.#timers.size;
  }

  /** Advances the clock, runs due timers in order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= until).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#now = due[1].at;
      due[1].run();
      await flushPromises();
    }
    this.#now = until;
    await flushPromises();
  }
}

export async function flushPromises(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}
