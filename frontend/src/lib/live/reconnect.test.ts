// Tests the reconnect policy at its limits, with injected randomness.
import { describe, expect, it } from "vitest";
import { afterClose, backoff, overloadPauseMs, pollDelay, reconnectDelay } from "./reconnect";

const lowest = () => 0;
const highest = () => 0.999999;

describe("the delay before reconnecting", () => {
  it("stays between 0.5 and 20 seconds, whatever the number of failures", () => {
    for (let failures = 0; failures < 60; failures += 1) {
      expect(reconnectDelay(failures, lowest)).toBeGreaterThanOrEqual(backoff.floorMs);
      expect(reconnectDelay(failures, highest)).toBeLessThanOrEqual(backoff.ceilingMs);
    }
  });

  it("doubles with each failure up to the cap", () => {
    const longest = [1, 2, 3, 4, 5, 6, 7].map((failures) => reconnectDelay(failures, highest));
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  });

  it("is jittered at the first failure and at the cap", () => {
    for (const failures of [1, 30]) expect(reconnectDelay(failures, highest)).toBeGreaterThan(reconnectDelay(failures, lowest));
  });
});

it("polls every 2 s ± 20 %", () => {
  expect(pollDelay(lowest)).toBe(1_600);
  expect(pollDelay(highest)).toBe(2_400);
});

describe("after a close", () => {
  const closing = (code: number, retryMs: [number, number] | null = null) => ({ code, failures: 1, retryMs });

  it("checks the session on 4401", () => {
    expect(afterClose(closing(4401), lowest)).toEqual({ then: "check-session" });
  });

  it.each([1001, 1012])("reconnects within the requested window (%i)", (code) => {
    expect(afterClose(closing(code, [3_000, 9_000]), lowest)).toMatchObject({ then: "reconnect", delayMs: 3_000 });
    expect(afterClose(closing(code, [3_000, 9_000]), highest)).toMatchObject({ then: "reconnect", delayMs: 9_000 });
  });

  it.each([1013, 4400, 4403, 4429])("waits at least 15 s, even if a shorter window was requested (%i)", (code) => {
    const next = afterClose(closing(code, [0, 10]), lowest);
    expect(next).toMatchObject({ then: "reconnect", mandatory: true });
    expect(next.then === "reconnect" && next.delayMs).toBeGreaterThanOrEqual(overloadPauseMs);
  });

  it.each([1000, 1006, 1011, 4408, 4410, 4413])("backs off otherwise (%i)", (code) => {
    expect(afterClose(closing(code), lowest)).toEqual({ then: "reconnect", delayMs: backoff.floorMs, mandatory: false });
  });
});
