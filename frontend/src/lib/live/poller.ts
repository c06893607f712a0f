// The stand-in for the websocket. Invariant: at most one request is under way, and none while nobody wants it.
import { pollDelay, type Random } from "./reconnect";

export interface Clock {
  now: () => number;
  setTimeout: (run: () => void, ms: number) => number;
  clearTimeout: (id: number) => void;
}

export interface PollerOptions {
  clock: Clock;
  random: Random;
  /** Asks once; resolves to the least wait in ms before the next time. Rejects when no answer came. */
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
    // Scheduled before it is told, for the listener may decide that this was the last one.
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
