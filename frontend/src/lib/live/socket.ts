// The page's one websocket: says hello, answers heartbeats, comes back when lost, and polls while it is away.
// Invariant: at most one socket is open, and of an abandoned one nothing is heard any more.
import { parseFrame, type Frame } from "./frames";
import { Poller, type Clock } from "./poller";
import {
  afterClose,
  failuresBeforePolling,
  reconnectDelay,
  snapshotPatienceMs,
  watchdogMs,
  type Random,
} from "./reconnect";

/** `polling`: without the websocket, asking while something is under way; `offline`: this device has no network; `unreachable`: the server does not answer. */
export type ConnectionState = "live" | "catchingUp" | "polling" | "offline" | "unreachable";

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
  /** The seq of each job already known, for the hello of a reconnect. */
  known: () => Record<string, number>;
  hasActiveJobs: () => boolean;
  /** See `PollerOptions.poll`. */
  poll: () => Promise<number>;
  /** False only when the server said that nobody is signed in. */
  checkSession: () => Promise<boolean>;
  onFrame: (frame: Frame) => void;
  onState: (state: ConnectionState) => void;
  onSignedOut: () => void;
}

type Timer = "reconnect" | "watchdog" | "patience";

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
  #notBefore = 0;
  #retryMs: [number, number] | null = null;
  #state: ConnectionState | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
    const onResult = (reached: boolean) => {
      this.#pollReached = reached;
      this.#settle();
    };
    this.#poller = new Poller({ clock: options.clock, random: options.random, poll: options.poll, onResult });
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#lose();
    this.#connect();
  }

  stop(): void {
    this.#started = false;
    this.#drop(1000);
    for (const timer of [...this.#timers.keys()]) this.#cancel(timer);
    this.#poller.want(false);
  }

  /** The page is visible, shown again or online: a lost connection is not waited for any longer. */
  wake(): void {
    if (!this.#started) return;
    const now = this.#options.clock.now();
    if (this.#socket && now - this.#lastFrameAt >= watchdogMs) this.#fail(1006);
    if (!this.#socket && this.#timers.has("reconnect") && now >= this.#notBefore) this.#connect();
    this.#settle();
  }

  /** The jobs, or whether the network is there, may have changed. */
  refresh(): void {
    if (this.#started) this.#settle();
  }

  #connect(): void {
    this.#cancel("reconnect");
    const socket = this.#options.open();
    this.#socket = socket;
    this.#retryMs = null;
    this.#heard();
    socket.onopen = () => {
      const known = this.#options.known();
      const hello = Object.keys(known).length > 0 ? { type: "hello", known } : { type: "hello" };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = ({ data }) => {
      this.#heard();
      const frame = parseFrame(data);
      if (frame) this.#receive(socket, frame);
    };
    socket.onclose = ({ code }) => this.#fail(code);
  }

  #receive(socket: SocketLike, frame: Frame): void {
    // Answered here and not by a timer: those are throttled in background tabs.
    if (frame.type === "heartbeat") socket.send('{"type":"heartbeat"}');
    if (frame.type === "bye") this.#retryMs = frame.retryMs;
    this.#options.onFrame(frame);
    if (frame.type !== "snapshot" || !frame.last) return;
    this.#failures = 0;
    this.#healthy = true;
    this.#degraded = false;
    this.#pollReached = true;
    this.#cancel("patience");
    this.#settle();
  }

  #fail(code: number): void {
    const retryMs = this.#retryMs;
    this.#drop();
    this.#lose();
    this.#failures += 1;
    const next = afterClose({ code, failures: this.#failures, retryMs }, this.#options.random);
    if (next.then === "check-session") void this.#recheck();
    else this.#reconnectIn(next.delayMs, next.patient);
    const away = next.then === "reconnect" && next.patient;
    if (away || this.#failures >= failuresBeforePolling) this.#degraded = true;
    this.#settle();
    // With nothing to poll for, it is asked once whether the server is there at all.
    if (this.#degraded && !this.#poller.running && this.#started) void this.#probe();
  }

  async #probe(): Promise<void> {
    const reached = await this.#options.poll().then(
      () => true,
      () => false,
    );
    if (!this.#started || this.#healthy) return;
    this.#pollReached = reached;
    this.#settle();
  }

  async #recheck(): Promise<void> {
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
    this.#notBefore = patient ? this.#options.clock.now() + delayMs : 0;
    this.#after("reconnect", delayMs, () => this.#connect());
  }

  /** From here on the page is behind, and polls unless a snapshot comes soon. */
  #lose(): void {
    this.#healthy = false;
    if (!this.#timers.has("patience")) {
      this.#after("patience", snapshotPatienceMs, () => {
        this.#degraded = true;
        this.#settle();
      });
    }
    this.#settle();
  }

  #heard(): void {
    this.#lastFrameAt = this.#options.clock.now();
    this.#after("watchdog", watchdogMs, () => this.#fail(1006));
  }

  #drop(code?: number): void {
    this.#cancel("watchdog");
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #settle(): void {
    const { online, hasActiveJobs, onState } = this.#options;
    this.#poller.want(this.#started && this.#degraded && !this.#healthy && hasActiveJobs());
    const away = !online() ? "offline" : !this.#pollReached ? "unreachable" : this.#degraded ? "polling" : "catchingUp";
    const state = this.#healthy ? "live" : away;
    if (state === this.#state) return;
    this.#state = state;
    onState(state);
  }

  #after(timer: Timer, ms: number, run: () => void): void {
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
