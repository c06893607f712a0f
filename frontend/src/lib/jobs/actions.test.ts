// Tests job actions and all their outcomes: newer states win, and late responses change nothing.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { flushPromises, makeJob } from "@/lib/testing";
import { clearUnconfirmedErrors, resetActions, runAction, syncActions, useActions } from "./actions";
import { useJobs } from "./store";

const running = makeJob({ seq: 5, status: "processing", phase: "generating", progress: 40 });
const failed = makeJob({ seq: 5, status: "failed", errorCode: "busy" });
const wrongState = new ApiError({ status: 409, code: "wrong_state" });
const notFound = new ApiError({ status: 404, code: "not_found" });
const networkError = new ApiError({ status: 0, code: "network" });
const unavailable = new ApiError({ status: 503, code: "unavailable" }, 2);

const applyJobs = (...jobs: Job[]) => useJobs.getState().apply({ type: "jobs", jobs });
const currentJob = () => useJobs.getState().jobs.get("job-1");
const pending = () => useActions.getState().pending["job-1"];
const actionError = () => useActions.getState().errors["job-1"];

function deferred<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (cause: Error) => void = () => undefined;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

beforeEach(() => {
  resetActions();
  useJobs.getState().reset();
  return syncActions();
});

describe("an action", () => {
  it("sends one request, however often it is clicked before the response", async () => {
    const response = deferred<Job>();
    const call = vi.spyOn(videos, "cancel").mockReturnValue(response.promise);
    applyJobs(running);
    void runAction("cancel", running);
    void runAction("cancel", running);
    expect(call).toHaveBeenCalledExactlyOnceWith("job-1");
    expect(pending()).toEqual({ action: "cancel", seq: 5 });
    response.resolve({ ...running, seq: 6, cancelling: true });
    await flushPromises();
    expect(currentJob()).toMatchObject({ seq: 6, cancelling: true });
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
    applyJobs(job);
    void runAction(action, job);
    for (const call of calls) expect(call).not.toHaveBeenCalled();
  });

  it("retry applies the response, which has a higher seq and less progress", async () => {
    vi.spyOn(videos, "retry").mockResolvedValue(makeJob({ seq: 6, progress: 0 }));
    applyJobs({ ...failed, progress: 80 });
    await runAction("retry", failed);
    expect(currentJob()).toMatchObject({ status: "pending", progress: 0, seq: 6 });
  });

  it("delete leaves a tombstone that late frames do not override", async () => {
    vi.spyOn(videos, "remove").mockResolvedValue(undefined);
    applyJobs(failed);
    await runAction("delete", failed);
    applyJobs({ ...failed, seq: 99 });
    expect(currentJob()).toBeUndefined();
    expect(pending()).toBeUndefined();
  });
});

describe("optimistic state", () => {
  it("survives newer progress, and ends with the requested state", async () => {
    const response = deferred<Job>();
    vi.spyOn(videos, "cancel").mockReturnValue(response.promise);
    applyJobs(running);
    void runAction("cancel", running);
    applyJobs({ ...running, seq: 6, progress: 50 });
    expect(pending()).toBeDefined();
    applyJobs({ ...running, seq: 8, status: "cancelled" });
    expect(pending()).toBeUndefined();
    response.resolve({ ...running, seq: 7, cancelling: true });
    await flushPromises();
    expect(currentJob()).toMatchObject({ seq: 8, status: "cancelled" });
  });

  it("yields to a job that completed first", () => {
    vi.spyOn(videos, "cancel").mockReturnValue(deferred<Job>().promise);
    applyJobs(running);
    void runAction("cancel", running);
    applyJobs({ ...running, seq: 6, status: "completed", videoId: "v" });
    expect(pending()).toBeUndefined();
  });

  it("is kept when only the response was lost", async () => {
    const response = deferred<Job>();
    vi.spyOn(videos, "retry").mockReturnValue(response.promise);
    applyJobs(failed);
    void runAction("retry", failed);
    applyJobs(makeJob({ seq: 6 }));
    response.reject(networkError);
    await flushPromises();
    expect(actionError()).toBeUndefined();
    expect(currentJob()).toMatchObject({ seq: 6, status: "pending" });
  });

  it("ends when the job is deleted", () => {
    vi.spyOn(videos, "cancel").mockReturnValue(deferred<Job>().promise);
    applyJobs(running);
    void runAction("cancel", running);
    useJobs.getState().apply({ type: "gone", id: "job-1", seq: 9 });
    expect(pending()).toBeUndefined();
  });

  it("is cleared with the session, and so is the response", async () => {
    const response = deferred<Job>();
    vi.spyOn(videos, "cancel").mockReturnValue(response.promise);
    applyJobs(running);
    void runAction("cancel", running);
    resetActions();
    useJobs.getState().reset();
    response.resolve({ ...running, seq: 6 });
    await flushPromises();
    expect(currentJob()).toBeUndefined();
    expect(pending()).toBeUndefined();
  });
});

describe("a failed action", () => {
  it("applies the new state after a conflict, without an error", async () => {
    vi.spyOn(videos, "retry").mockRejectedValue(wrongState);
    const fetchJob = vi.spyOn(videos, "job").mockResolvedValue({ ...running, seq: 7 });
    applyJobs(failed);
    await runAction("retry", failed);
    expect(fetchJob).toHaveBeenCalledExactlyOnceWith("job-1");
    expect(currentJob()).toMatchObject({ seq: 7, status: "processing" });
    expect(actionError()).toBeUndefined();
    expect(pending()).toBeUndefined();
  });

  it("shows the conflict when the state has not changed", async () => {
    vi.spyOn(videos, "retry").mockRejectedValue(wrongState);
    vi.spyOn(videos, "job").mockResolvedValue(failed);
    applyJobs(failed);
    await runAction("retry", failed);
    expect(actionError()).toMatchObject({ action: "retry", unconfirmed: false, error: { code: "wrong_state" } });
  });

  it.each([
    ["by the action's response", notFound, undefined],
    ["by fetching it again", wrongState, notFound],
  ])("removes a job that does not exist: %s", async (_, first, second) => {
    vi.spyOn(videos, "remove").mockRejectedValue(first);
    const fetchJob = vi.spyOn(videos, "job");
    if (second) fetchJob.mockRejectedValue(second);
    applyJobs(failed);
    await runAction("delete", failed);
    expect(useJobs.getState().gone).toHaveProperty("job-1");
    expect(actionError()).toBeUndefined();
  });

  it.each([
    [networkError, true],
    [new ApiError({ status: 502, code: "unavailable" }), true],
    [unavailable, false],
    [new ApiError({ status: 429, code: "rate_limited" }, 4), false],
  ])("shows an error and can be repeated: %o", async (error, unconfirmed) => {
    const call = vi.spyOn(videos, "cancel").mockRejectedValueOnce(error);
    applyJobs(running);
    await runAction("cancel", running);
    expect(actionError()).toMatchObject({ action: "cancel", unconfirmed, error: { code: error.code } });
    expect(pending()).toBeUndefined();
    call.mockResolvedValueOnce({ ...running, seq: 6, status: "cancelled" });
    await runAction("cancel", running);
    expect(currentJob()?.status).toBe("cancelled");
    expect(actionError()).toBeUndefined();
  });

  it.each([
    [networkError, undefined],
    [unavailable, { action: "cancel", unconfirmed: false }],
  ])("clears unconfirmed errors after reconnecting: %o", async (error, expected) => {
    vi.spyOn(videos, "cancel").mockRejectedValue(error);
    applyJobs(running);
    await runAction("cancel", running);
    expect(actionError()).toBeDefined();
    clearUnconfirmedErrors();
    if (expected) expect(actionError()).toMatchObject(expected);
    else expect(actionError()).toBeUndefined();
  });

  it("clears its error once the job has moved on", async () => {
    vi.spyOn(videos, "cancel").mockRejectedValue(networkError);
    applyJobs(running);
    await runAction("cancel", running);
    applyJobs({ ...running, seq: 6, progress: 60 });
    expect(actionError()).toBeDefined();
    applyJobs({ ...running, seq: 7, status: "completed", videoId: "v" });
    expect(actionError()).toBeUndefined();
  });
});
