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
  #wanted = false;
  #busy = false;
  #timer: number | null = null;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#wanted;
  }

  want(wanted: boolean): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (!wanted) this.#cancel();
    else if (!this.#busy) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#busy = true;
    let reached = true;
    let atLeast = 0;
    try {
      atLeast = await this.#options.poll();
    } catch {
      reached = false;
    }
    this.#busy = false;
    if (!this.#wanted) return;
    // Scheduled before it is told, for the listener may decide that this was the last one.
    this.#schedule(atLeast);
    this.#options.onResult(reached);
  }

  #schedule(atLeast: number): void {
    this.#cancel();
    const { clock, random } = this.#options;
    this.#timer = clock.setTimeout(
      () => {
        this.#timer = null;
        void this.#ask();
      },
      Math.max(atLeast, pollDelay(random)),
    );
  }

  #cancel(): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
