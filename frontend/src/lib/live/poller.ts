// Polls the job list while the websocket is away. Invariant: at most one request at a time, and none while disabled.
import { pollDelay, type Random } from "./reconnect";

export interface Clock {
  now: () => number;
  setTimeout: (run: () => void, ms: number) => number;
  clearTimeout: (id: number) => void;
}

export interface PollerOptions {
  clock: Clock;
  random: Random;
  /** Polls once; resolves to the minimum delay in ms before the next poll. Rejects when no response arrived. */
  poll: () => Promise<number>;
  onResult: (reached: boolean) => void;
}

export class Poller {
  readonly #options: PollerOptions;
  #enabled = false;
  #busy = false;
  #timer: number | null = null;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#enabled;
  }

  setEnabled(wanted: boolean): void {
    if (wanted === this.#enabled) return;
    this.#enabled = wanted;
    if (!wanted) this.#cancel();
    else if (!this.#busy) void this.#poll();
  }

  async #poll(): Promise<void> {
    this.#busy = true;
    let reached = true;
    let minDelayMs = 0;
    try {
      minDelayMs = await this.#options.poll();
    } catch {
      reached = false;
    }
    this.#busy = false;
    if (!this.#enabled) return;
    // Scheduled first, since the listener may disable the poller.
    this.#schedule(minDelayMs);
    this.#options.onResult(reached);
  }

  #schedule(minDelayMs: number): void {
    this.#cancel();
    const { clock, random } = this.#options;
    this.#timer = clock.setTimeout(
      () => {
        this.#timer = null;
        void this.#poll();
      },
      Math.max(minDelayMs, pollDelay(random)),
    );
  }

  #cancel(): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
