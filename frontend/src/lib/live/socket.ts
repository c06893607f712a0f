// The page's websocket: sends hello, answers heartbeats, reconnects, and falls back to polling. Invariant: at most one socket is open, and
// events of a closed one are ignored.
import type { ConnectionState } from "./connectionStore";
import { parseFrame, type Frame } from "./frames";
import { Poller, type Clock } from "./poller";
import {
  afterClose,
  failuresBeforePolling,
  reconnectDelay,
  snapshotTimeoutMs,
  watchdogMs,
  type Random,
} from "./reconnect";

export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send: (data: string) => void;
  close: (code?: number) => void;
}

export interface LiveOptions {
  open: () => SocketLike;
  clock: Clock;
  random: Random;
  online: () => boolean;
  /** The seq of each known job, for the hello of a reconnect. */
  known: () => Record<string, number>;
  hasActiveJobs: () => boolean;
  /** See `PollerOptions.poll`. */
  poll: () => Promise<number>;
  /** False only when the server answered that there is no session. */
  checkSession: () => Promise<boolean>;
  onFrame: (frame: Frame) => void;
  onState: (state: ConnectionState) => void;
  onSignedOut: () => void;
}

type Timer = "reconnect" | "watchdog" | "snapshot";

export class LiveConnection {
  readonly #options: LiveOptions;
  readonly #poller: Poller;
  readonly #timers = new Map<Timer, number>();
  #socket: SocketLike | null = null;
  #started = false;
  #healthy = false;
  #degraded = false;
  #pollReached = true;
  #failures = 0;
  #lastFrameAt = 0;
  #reconnectNotBefore = 0;
  #retryMs: [number, number] | null = null;
  #state: ConnectionState | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
    const onResult = (reached: boolean) => {
      this.#pollReached = reached;
      this.#updateState();
    };
    this.#poller = new Poller({ clock: options.clock, random: options.random, poll: options.poll, onResult });
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#markOutdated();
    this.#connect();
  }

  stop(): void {
    this.#started = false;
    this.#closeSocket(1000);
    for (const timer of [...this.#timers.keys()]) this.#cancel(timer);
    this.#poller.setEnabled(false);
  }

  /** Called when the page becomes visible or online: reconnects without waiting for the delay. */
  wake(): void {
    if (!this.#started) return;
    const now = this.#options.clock.now();
    if (this.#socket && now - this.#lastFrameAt >= watchdogMs) this.#onDisconnect(1006);
    if (!this.#socket && this.#timers.has("reconnect") && now >= this.#reconnectNotBefore) this.#connect();
    this.#updateState();
  }

  /** Called when the jobs or the network's state may have changed. */
  refresh(): void {
    if (this.#started) this.#updateState();
  }

  #connect(): void {
    this.#cancel("reconnect");
    const socket = this.#options.open();
    this.#socket = socket;
    this.#retryMs = null;
    this.#resetWatchdog();
    socket.onopen = () => {
      const known = this.#options.known();
      const hello = Object.keys(known).length > 0 ? { type: "hello", known } : { type: "hello" };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = ({ data }) => {
      this.#resetWatchdog();
      const frame = parseFrame(data);
      if (frame) this.#receive(socket, frame);
    };
    socket.onclose = ({ code }) => this.#onDisconnect(code);
  }

  #receive(socket: SocketLike, frame: Frame): void {
    // Answered here, not by a timer: background tabs throttle timers.
    if (frame.type === "heartbeat") socket.send('{"type":"heartbeat"}');
    if (frame.type === "bye") this.#retryMs = frame.retryMs;
    this.#options.onFrame(frame);
    if (frame.type !== "snapshot" || !frame.last) return;
    this.#failures = 0;
    this.#healthy = true;
    this.#degraded = false;
    this.#pollReached = true;
    this.#cancel("snapshot");
    this.#updateState();
  }

  #onDisconnect(code: number): void {
    const retryMs = this.#retryMs;
    this.#closeSocket();
    this.#markOutdated();
    this.#failures += 1;
    const next = afterClose({ code, failures: this.#failures, retryMs }, this.#options.random);
    if (next.then === "check-session") void this.#verifySession();
    else this.#reconnectIn(next.delayMs, next.mandatory);
    const disconnectedState = next.then === "reconnect" && next.mandatory;
    if (disconnectedState || this.#failures >= failuresBeforePolling) this.#degraded = true;
    this.#updateState();
    // Without active jobs nothing is polled, so check once whether the server responds.
    if (this.#degraded && !this.#poller.running && this.#started) void this.#probe();
  }

  async #probe(): Promise<void> {
    const reached = await this.#options.poll().then(
      () => true,
      () => false,
    );
    if (!this.#started || this.#healthy) return;
    this.#pollReached = reached;
    this.#updateState();
  }

  async #verifySession(): Promise<void> {
    const signedIn = await this.#options.checkSession();
    if (!this.#started) return;
    if (signedIn) {
      this.#reconnectIn(reconnectDelay(this.#failures, this.#options.random), false);
      return;
    }
    this.stop();
    this.#options.onSignedOut();
  }

  #reconnectIn(delayMs: number, patient: boolean): void {
    this.#reconnectNotBefore = patient ? this.#options.clock.now() + delayMs : 0;
    this.#schedule("reconnect", delayMs, () => this.#connect());
  }

  /** Marks the page as outdated; it starts polling unless a snapshot arrives soon. */
  #markOutdated(): void {
    this.#healthy = false;
    if (!this.#timers.has("snapshot")) {
      this.#schedule("snapshot", snapshotTimeoutMs, () => {
        this.#degraded = true;
        this.#updateState();
      });
    }
    this.#updateState();
  }

  #resetWatchdog(): void {
    this.#lastFrameAt = this.#options.clock.now();
    this.#schedule("watchdog", watchdogMs, () => this.#onDisconnect(1006));
  }

  #closeSocket(code?: number): void {
    this.#cancel("watchdog");
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #updateState(): void {
    const { online, hasActiveJobs, onState } = this.#options;
    this.#poller.setEnabled(this.#started && this.#degraded && !this.#healthy && hasActiveJobs());
    const disconnectedState = !online() ? "offline" : !this.#pollReached ? "unreachable" : this.#degraded ? "polling" : "catchingUp";
    const state = this.#healthy ? "live" : disconnectedState;
    if (state === this.#state) return;
    this.#state = state;
    onState(state);
  }

  #schedule(timer: Timer, ms: number, run: () => void): void {
    this.#cancel(timer);
    const id = this.#options.clock.setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.set(timer, id);
  }

  #cancel(timer: Timer): void {
    const id = this.#timers.get(timer);
    if (id !== undefined) this.#options.clock.clearTimeout(id);
    this.#timers.delete(timer);
  }
}
