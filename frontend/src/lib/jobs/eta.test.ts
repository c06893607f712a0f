// Tests the estimated remaining time.
import { expect, it } from "vitest";
import { makeJob } from "@/lib/testing";
import { remainingTime } from "./eta";

const start = Date.parse("2026-01-01T00:00:00Z");
const etaSeconds = { p50: 60, p90: 120 };
const running = makeJob({ status: "processing", phase: "generating", startedAt: "2026-01-01T00:00:00Z", etaSeconds });

it.each([
  ["at its start", 0, { from: 60, to: 60 }],
  ["in progress", 22, { from: 40, to: 40 }],
  ["near the median", 55, "soon"],
  ["after the median", 70, { from: 50, to: 50 }],
  ["after the 90th percentile", 500, null],
  ["with a clock that is behind", -30, { from: 60, to: 60 }],
] as const)("%s, after %i s", (_, seconds, expected) => {
  expect(remainingTime(running, start + seconds * 1_000)).toEqual(expected);
});

it.each([
  ["slower than others", 60, 20, { from: 240, to: 240 }],
  ["faster", 20, 80, "soon"],
  ["hardly begun", 22, 5, { from: 40, to: 40 }],
] as const)("uses the job's own progress: %s, after %i s at %i percent", (_, seconds, progress, expected) => {
  expect(remainingTime({ ...running, progress }, start + seconds * 1_000)).toEqual(expected);
});

it("is the whole duration while the job waits", () => {
  expect(remainingTime(makeJob({ status: "pending", etaSeconds }), start)).toEqual({ from: 60, to: 120 });
});

it.each([
  ["unknown", {}],
  ["cancelled", { cancelling: true, etaSeconds }],
  ["waiting for a retry", { status: "pending", phase: "retrying", etaSeconds }],
  ["retried", { retries: 1, etaSeconds }],
  ["ended", { status: "completed", phase: null, etaSeconds }],
] as const)("is unknown for a job that is %s", (_, fields) => {
  expect(remainingTime({ ...running, etaSeconds: null, ...fields }, start)).toBeNull();
});
