// Tests the connection with a fake socket and a fake clock.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeClock, flushPromises } from "@/lib/testing";
import type { ConnectionState } from "./connectionStore";
import type { Frame } from "./frames";
import { LiveConnection, type SocketLike } from "./socket";

class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: unknown[] = [];
  closed = false;

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }
  close(): void {
    this.closed = true;
  }
  frame(value: unknown): void {
    this.onmessage?.({ data: JSON.stringify(value) });
  }
  /** Opens the socket and delivers a complete snapshot. */
  catchUp(): void {
    this.onopen?.();
    this.frame({ type: "snapshot", jobs: [], last: true });
  }
  fail(code = 1006): void {
    this.onclose?.({ code });
  }
}

let clock: FakeClock;
let sockets: FakeSocket[];
let states: ConnectionState[];
let frames: Frame[];
let known: Record<string, number>;
let active: boolean;
let online: boolean;
const poll = vi.fn<() => Promise<number>>();
const checkSession = vi.fn<() => Promise<boolean>>();
const onSignedOut = vi.fn();

function start(): LiveConnection {
  const connection = new LiveConnection({
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    clock,
    random: () => 0.5,
    online: () => online,
    known: () => known,
    hasActiveJobs: () => active,
    poll,
    checkSession,
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
    onSignedOut,
  });
  connection.start();
  return connection;
}

const socket = () => sockets.at(-1)!;
const state = () => states.at(-1);

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  states = [];
  frames = [];
  known = {};
  active = true;
  online = true;
  poll.mockReset().mockResolvedValue(0);
  checkSession.mockReset().mockResolvedValue(true);
  onSignedOut.mockReset();
});

describe("a healthy socket", () => {
  it("sends hello first", () => {
    start();
    expect(socket().sent).toEqual([]);
    socket().onopen?.();
    expect(socket().sent).toEqual([{ type: "hello" }]);
  });

  it("is live once the last part of the snapshot arrives", () => {
    start();
    socket().onopen?.();
    socket().frame({ type: "snapshot", jobs: [], last: false });
    expect(state()).toBe("catchingUp");
    socket().frame({ type: "snapshot", jobs: [], last: true });
    expect(state()).toBe("live");
  });

  it("answers a heartbeat synchronously", () => {
    start();
    socket().catchUp();
    socket().frame({ type: "heartbeat" });
    expect(socket().sent.at(-1)).toEqual({ type: "heartbeat" });
  });

  it("passes frames on and ignores malformed ones", () => {
    start();
    socket().catchUp();
    socket().frame({ type: "confetti" });
    socket().frame({ type: "gone", id: "a", seq: 3 });
    expect(frames.at(-1)).toEqual({ type: "gone", id: "a", seq: 3 });
  });
});

describe("a lost socket", () => {
  it("is replaced after 35 s of silence", async () => {
    start();
    socket().catchUp();
    await clock.advance(34_000);
    socket().frame({ type: "heartbeat" });
    await clock.advance(34_999);
    expect(socket().closed).toBe(false);
    await clock.advance(1);
    expect(sockets[0]?.closed).toBe(true);
    await clock.advance(1_000);
    expect(sockets).toHaveLength(2);
  });

  it("is ignored after it was replaced", async () => {
    start();
    socket().catchUp();
    await clock.advance(40_000);
    const before = frames.length;
    sockets[0]?.frame({ type: "gone", id: "late", seq: 1 });
    expect(frames).toHaveLength(before);
  });

  it("sends the known jobs on reconnecting", async () => {
    start();
    socket().catchUp();
    known = { a: 4 };
    socket().fail();
    await clock.advance(1_000);
    socket().onopen?.();
    expect(socket().sent).toEqual([{ type: "hello", known: { a: 4 } }]);
  });

  it("reconnects within the window of a bye frame", async () => {
    start();
    socket().catchUp();
    socket().frame({ type: "bye", code: "restart", retryMs: [4_000, 6_000] });
    socket().fail(1012);
    await clock.advance(4_999);
    expect(sockets).toHaveLength(1);
    await clock.advance(1);
    expect(sockets).toHaveLength(2);
  });

  it("reconnects at once when the page becomes visible", () => {
    const connection = start();
    socket().catchUp();
    socket().fail();
    connection.wake();
    expect(sockets).toHaveLength(2);
  });

  it("does not reconnect early to an overloaded server, and polls meanwhile", async () => {
    const connection = start();
    socket().catchUp();
    socket().fail(1013);
    connection.wake();
    expect(state()).toBe("polling");
    await clock.advance(14_999);
    connection.wake();
    expect(sockets).toHaveLength(1);
    await clock.advance(6_000);
    expect(sockets).toHaveLength(2);
  });

  it("never leaves two sockets open", async () => {
    const connection = start();
    socket().fail();
    connection.wake();
    connection.wake();
    await clock.advance(30_000);
    expect(sockets.slice(0, -1).every((one) => one.closed)).toBe(true);
  });

  it("is detected on waking from sleep, before the watchdog fires", () => {
    const connection = start();
    socket().catchUp();
    vi.spyOn(clock, "now").mockReturnValue(3_600_000);
    connection.wake();
    expect(sockets).toHaveLength(2);
    expect(sockets[0]?.closed).toBe(true);
  });
});

describe("4401", () => {
  it("signs out without reconnecting", async () => {
    checkSession.mockResolvedValue(false);
    start();
    socket().catchUp();
    socket().fail(4401);
    await flushPromises();
    expect(onSignedOut).toHaveBeenCalledOnce();
    await clock.advance(120_000);
    expect(sockets).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("reconnects after a delay when the session is still valid", async () => {
    start();
    socket().catchUp();
    socket().fail(4401);
    await flushPromises();
    expect(sockets).toHaveLength(1);
    await clock.advance(1_000);
    expect(sockets).toHaveLength(2);
    expect(onSignedOut).not.toHaveBeenCalled();
  });
});

describe("polling", () => {
  it("starts after 5 s without a snapshot", async () => {
    start();
    socket().onopen?.();
    await clock.advance(4_999);
    expect(poll).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(poll).toHaveBeenCalledOnce();
    expect(state()).toBe("polling");
  });

  it("starts after two failures", async () => {
    start();
    socket().fail();
    expect(poll).not.toHaveBeenCalled();
    await clock.advance(1_000);
    socket().fail();
    await flushPromises();
    expect(poll).toHaveBeenCalledOnce();
  });

  it("repeats every 2 s and stops when the socket is healthy", async () => {
    start();
    await clock.advance(5_000);
    await clock.advance(4_000);
    expect(poll).toHaveBeenCalledTimes(3);
    socket().catchUp();
    expect(state()).toBe("live");
    await clock.advance(20_000);
    expect(poll).toHaveBeenCalledTimes(3);
  });

  it("runs only while a job is active", async () => {
    active = false;
    const connection = start();
    await clock.advance(20_000);
    expect(poll).not.toHaveBeenCalled();
    active = true;
    connection.refresh();
    expect(poll).toHaveBeenCalledOnce();
  });

  it("respects the server's delay", async () => {
    poll.mockResolvedValue(9_000);
    start();
    await clock.advance(5_000);
    await clock.advance(8_999);
    expect(poll).toHaveBeenCalledOnce();
    await clock.advance(1);
    expect(poll).toHaveBeenCalledTimes(2);
  });

  it("reports unreachable without a response, and polling with one", async () => {
    poll.mockRejectedValueOnce(new Error("no answer"));
    start();
    await clock.advance(5_000);
    expect(state()).toBe("unreachable");
    await clock.advance(2_000);
    expect(state()).toBe("polling");
  });

  it("checks once per failure whether the server responds while no job is active", async () => {
    active = false;
    poll.mockRejectedValueOnce(new Error("no answer"));
    start();
    socket().fail();
    expect(state()).toBe("catchingUp");
    await clock.advance(1_000);
    socket().fail();
    await flushPromises();
    expect(poll).toHaveBeenCalledOnce();
    expect(state()).toBe("unreachable");
    await clock.advance(3_000);
    socket().fail();
    await flushPromises();
    expect(poll).toHaveBeenCalledTimes(2);
    expect(state()).toBe("polling");
  });

  it("distinguishes offline from unreachable", async () => {
    poll.mockRejectedValue(new Error("no answer"));
    online = false;
    start();
    await clock.advance(5_000);
    expect(state()).toBe("offline");
  });

  it("stops with the connection", async () => {
    const connection = start();
    await clock.advance(5_000);
    connection.stop();
    await clock.advance(60_000);
    expect(poll).toHaveBeenCalledOnce();
    expect(clock.pending).toBe(0);
  });
});
