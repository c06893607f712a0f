// Tests job actions and all their outcomes: newer states win, and late responses change nothing.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { makeJob, flushPromises } from "@/lib/testing";
import { clearUnconfirmedErrors, resetActions, runAction, syncActions, useActions } from "./actions";
import { useJobs } from "./store";

const running = makeJob({ seq: 5, status: "processing", phase: "generating", progress: 40 });
const failed = makeJob({ seq: 5, status: "failed", errorCode: "busy" });
const wrongState = new ApiError({ status: 409, code: "wrong_state" });
const missing = new ApiError({ status: 404, code: "not_found" });
const unanswered = new ApiError({ status: 0, code: "network" });
const busy = new ApiError({ status: 503, code: "unavailable" }, 2);

const show = (...jobs: Job[]) => useJobs.getState().apply({ type: "jobs", jobs });
const shown = () => useJobs.getState().jobs.get("job-1");
const pending = () => useActions.getState().pending["job-1"];
const actionError = () => useActions.getState().errors["job-1"];

function later<Value>() {
  let give: (value: Value) => void = () => undefined;
  let fail: (cause: Error) => void = () => undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    give = resolve;
    fail = reject;
  });
  return { promise, give, fail };
}

beforeEach(() => {
  resetActions();
  useJobs.getState().reset();
  return syncActions();
});

describe("an action", () => {
  it("sends one request, however often it is clicked before the response", async () => {
    const answer = later<Job>();
    const call = vi.spyOn(videos, "cancel").mockReturnValue(answer.promise);
    show(running);
    void runAction("cancel", running);
    void runAction("cancel", running);
    expect(call).toHaveBeenCalledExactlyOnceWith("job-1");
    expect(pending()).toEqual({ action: "cancel", seq: 5 });
    answer.give({ ...running, seq: 6, cancelling: true });
    await flushPromises();
    expect(shown()).toMatchObject({ seq: 6, cancelling: true });
    expect(pending()).toBeUndefined();
  });

  it.each([
    ["cancel", { ...running, cancelling: true }],
    ["cancel", failed],
    ["retry", running],
    ["retry", makeJob({ status: "completed" })],
    ["fetch", failed],
    ["delete", running],
  ] as const)("%s is ignored in a state that does not allow it", (action, job) => {
    const calls = [vi.spyOn(videos, "cancel"), vi.spyOn(videos, "retry"), vi.spyOn(videos, "fetch"), vi.spyOn(videos, "remove")];
    show(job);
    void runAction(action, job);
    for (const call of calls) expect(call).not.toHaveBeenCalled();
  });

  it("retry applies the response, which has a higher seq and less progress", async () => {
    vi.spyOn(videos, "retry").mockResolvedValue(makeJob({ seq: 6, progress: 0 }));
    show({ ...failed, progress: 80 });
    await runAction("retry", failed);
    expect(shown()).toMatchObject({ status: "pending", progress: 0, seq: 6 });
  });

  it("delete leaves a tombstone that late frames do not override", async () => {
    vi.spyOn(videos, "remove").mockResolvedValue(undefined);
    show(failed);
    await runAction("delete", failed);
    show({ ...failed, seq: 99 });
    expect(shown()).toBeUndefined();
    expect(pending()).toBeUndefined();
  });
});

describe("optimistic state", () => {
  it("survives newer progress, and ends with the requested state", async () => {
    const answer = later<Job>();
    vi.spyOn(videos, "cancel").mockReturnValue(answer.promise);
    show(running);
    void runAction("cancel", running);
    show({ ...running, seq: 6, progress: 50 });
    expect(pending()).toBeDefined();
    show({ ...running, seq: 8, status: "cancelled" });
    expect(pending()).toBeUndefined();
    answer.give({ ...running, seq: 7, cancelling: true });
    await flushPromises();
    expect(shown()).toMatchObject({ seq: 8, status: "cancelled" });
  });

  it("yields to a job that completed first", () => {
    vi.spyOn(videos, "cancel").mockReturnValue(later<Job>().promise);
    show(running);
    void runAction("cancel", running);
    show({ ...running, seq: 6, status: "completed", videoId: "v" });
    expect(pending()).toBeUndefined();
  });

  it("is kept when only the response was lost", async () => {
    const answer = later<Job>();
    vi.spyOn(videos, "retry").mockReturnValue(answer.promise);
    show(failed);
    void runAction("retry", failed);
    show(makeJob({ seq: 6 }));
    answer.fail(unanswered);
    await flushPromises();
    expect(actionError()).toBeUndefined();
    expect(shown()).toMatchObject({ seq: 6, status: "pending" });
  });

  it("ends when the job is deleted", () => {
    vi.spyOn(videos, "cancel").mockReturnValue(later<Job>().promise);
    show(running);
    void runAction("cancel", running);
    useJobs.getState().apply({ type: "gone", id: "job-1", seq: 9 });
    expect(pending()).toBeUndefined();
  });

  it("is cleared with the session, and so is the response", async () => {
    const answer = later<Job>();
    vi.spyOn(videos, "cancel").mockReturnValue(answer.promise);
    show(running);
    void runAction("cancel", running);
    resetActions();
    useJobs.getState().reset();
    answer.give({ ...running, seq: 6 });
    await flushPromises();
    expect(shown()).toBeUndefined();
    expect(pending()).toBeUndefined();
  });
});

describe("a failed action", () => {
  it("applies the new state after a conflict, without an error", async () => {
    vi.spyOn(videos, "retry").mockRejectedValue(wrongState);
    const ask = vi.spyOn(videos, "job").mockResolvedValue({ ...running, seq: 7 });
    show(failed);
    await runAction("retry", failed);
    expect(ask).toHaveBeenCalledExactlyOnceWith("job-1");
    expect(shown()).toMatchObject({ seq: 7, status: "processing" });
    expect(actionError()).toBeUndefined();
    expect(pending()).toBeUndefined();
  });

  it("shows the conflict when the state has not changed", async () => {
    vi.spyOn(videos, "retry").mockRejectedValue(wrongState);
    vi.spyOn(videos, "job").mockResolvedValue(failed);
    show(failed);
    await runAction("retry", failed);
    expect(actionError()).toMatchObject({ action: "retry", unconfirmed: false, error: { code: "wrong_state" } });
  });

  it.each([
    ["by the action's response", missing, undefined],
    ["by fetching it again", wrongState, missing],
  ])("removes a job that does not exist: %s", async (_, first, second) => {
    vi.spyOn(videos, "remove").mockRejectedValue(first);
    const ask = vi.spyOn(videos, "job");
    if (second) ask.mockRejectedValue(second);
    show(failed);
    await runAction("delete", failed);
    expect(useJobs.getState().gone).toHaveProperty("job-1");
    expect(actionError()).toBeUndefined();
  });

  it.each([
    [unanswered, true],
    [new ApiError({ status: 502, code: "unavailable" }), true],
    [busy, false],
    [new ApiError({ status: 429, code: "rate_limited" }, 4), false],
  ])("shows an error and can be repeated: %o", async (error, unconfirmed) => {
    const call = vi.spyOn(videos, "cancel").mockRejectedValueOnce(error);
    show(running);
    await runAction("cancel", running);
    expect(actionError()).toMatchObject({ action: "cancel", unconfirmed, error: { code: error.code } });
    expect(pending()).toBeUndefined();
    call.mockResolvedValueOnce({ ...running, seq: 6, status: "cancelled" });
    await runAction("cancel", running);
    expect(shown()?.status).toBe("cancelled");
    expect(actionError()).toBeUndefined();
  });

  it.each([
    [unanswered, undefined],
    [busy, { action: "cancel", unconfirmed: false }],
  ])("clears unconfirmed errors after reconnecting: %o", async (error, left) => {
    vi.spyOn(videos, "cancel").mockRejectedValue(error);
    show(running);
    await runAction("cancel", running);
    expect(actionError()).toBeDefined();
    clearUnconfirmedErrors();
    if (left) expect(actionError()).toMatchObject(left);
    else expect(actionError()).toBeUndefined();
  });

  it("clears its error once the job has moved on", async () => {
    vi.spyOn(videos, "cancel").mockRejectedValue(unanswered);
    show(running);
    await runAction("cancel", running);
    show({ ...running, seq: 6, progress: 60 });
    expect(actionError()).toBeDefined();
    show({ ...running, seq: 7, status: "completed", videoId: "v" });
    expect(actionError()).toBeUndefined();
  });
});
