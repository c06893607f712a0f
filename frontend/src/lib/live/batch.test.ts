// Tests batching of job states by animation frame.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makeJob } from "@/lib/testing";
import { Batch } from "./batch";

const apply = vi.fn();
let frame: (() => void) | undefined;

beforeEach(() => {
  frame = undefined;
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => {
    frame = run;
    return 1;
  });
  vi.stubGlobal("cancelAnimationFrame", () => (frame = undefined));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  apply.mockReset();
});

it("applies states once per frame, in order", () => {
  const batch = new Batch(apply);
  const [first, second] = [makeJob({ seq: 1 }), makeJob({ seq: 2 })];
  batch.add(first);
  batch.add(second);
  expect(apply).not.toHaveBeenCalled();
  frame?.();
  expect(apply).toHaveBeenCalledExactlyOnceWith([first, second]);
  batch.add(first);
  frame?.();
  expect(apply).toHaveBeenCalledTimes(2);
});

it("applies states at once while the page is hidden", () => {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  new Batch(apply).add(makeJob());
  expect(apply).toHaveBeenCalledOnce();
});

it("flushes queued states on demand, but not discarded ones", () => {
  const batch = new Batch(apply);
  batch.add(makeJob());
  batch.flush();
  expect(apply).toHaveBeenCalledOnce();
  expect(frame).toBeUndefined();
  batch.add(makeJob());
  batch.clear();
  batch.flush();
  expect(apply).toHaveBeenCalledOnce();
});
