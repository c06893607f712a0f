// Tests the reducer against events in any order: the higher seq wins, and deleted jobs stay deleted.
import { describe, expect, it } from "vitest";
import type { Job } from "@/lib/api/types";
import { makeJob } from "@/lib/testing";
import { emptyJobs, knownJobs, reduceJobs, type JobsEvent, type JobsState } from "./reducer";

const play = (...events: JobsEvent[]): JobsState => events.reduce(reduceJobs, emptyJobs);
const jobs = (...list: Job[]): JobsEvent => ({ type: "jobs", jobs: list });

describe("the reducer", () => {
  it("keeps the higher seq in any order of arrival", () => {
    const old = makeJob({ seq: 4, status: "processing", progress: 30 });
    const young = makeJob({ seq: 5, status: "processing", progress: 40 });
    expect(play(jobs(old), jobs(young)).jobs.get("job-1")).toEqual(young);
    expect(play(jobs(young), jobs(old)).jobs.get("job-1")).toEqual(young);
  });

  it("accepts a restarted job, because its seq is higher", () => {
    const state = play(
      jobs(makeJob({ seq: 7, status: "processing", phase: "generating", progress: 80 })),
      jobs(makeJob({ seq: 8, phase: "retrying", progress: 0, retries: 1 })),
    );
    expect(state.jobs.get("job-1")).toMatchObject({ progress: 0, phase: "retrying", retries: 1 });
  });

  it("merges a snapshot by job and keeps the others", () => {
    const state = play(
      jobs(makeJob({ id: "a", seq: 9 }), makeJob({ id: "b", seq: 1 })),
      jobs(makeJob({ id: "a", seq: 3 }), makeJob({ id: "c", seq: 1 })),
    );
    expect([...state.jobs.keys()].sort()).toEqual(["a", "b", "c"]);
    expect(state.jobs.get("a")?.seq).toBe(9);
  });

  it("never restores a deleted job, not even with a higher seq", () => {
    const state = play(jobs(makeJob({ seq: 5 })), { type: "gone", id: "job-1", seq: 6 }, jobs(makeJob({ seq: 99 })));
    expect(state.jobs).toEqual(new Map());
    expect(state.gone).toEqual({ "job-1": 6 });
  });

  it("keeps a tombstone for an unknown job", () => {
    expect(play({ type: "gone", id: "job-1", seq: 3 }, jobs(makeJob({ seq: 2 }))).jobs).toEqual(new Map());
  });

  it("updates a queue position without a new seq", () => {
    const state = play(
      jobs(makeJob({ seq: 1, queuePosition: 2 })),
      { type: "position", id: "job-1", queuePosition: 5 },
    );
    expect(state.jobs.get("job-1")).toMatchObject({ seq: 1, queuePosition: 5 });
  });

  it("ignores a late position of a job that has started", () => {
    const state = play(
      jobs(makeJob({ seq: 2, status: "processing" })),
      { type: "position", id: "job-1", queuePosition: 1 },
    );
    expect(state.jobs.get("job-1")?.queuePosition).toBeNull();
  });

  it("accepts a new queue position with the same seq", () => {
    const state = play(jobs(makeJob({ queuePosition: 3 })), jobs(makeJob({ queuePosition: 2 })));
    expect(state.jobs.get("job-1")?.queuePosition).toBe(2);
  });

  it("returns the same object when nothing changed", () => {
    const state = play(jobs(makeJob({ seq: 2 })));
    expect(reduceJobs(state, jobs(makeJob({ seq: 2 })))).toBe(state);
    expect(reduceJobs(state, jobs(makeJob({ seq: 1 })))).toBe(state);
    expect(reduceJobs(state, { type: "position", id: "unheard-of", queuePosition: 1 })).toBe(state);
  });
});

describe("the jobs sent on reconnecting", () => {
  it("include every job with its seq", () => {
    expect(knownJobs(play(jobs(makeJob({ id: "a", seq: 2 }), makeJob({ id: "b", seq: 7 }))))).toEqual({ a: 2, b: 7 });
  });

  it("fit one message and include all active jobs", () => {
    const id = (n: number) => `01890000-0000-7000-8000-${String(n).padStart(12, "0")}`;
    const many = Array.from({ length: 900 }, (_, n) => makeJob({ id: id(n), seq: 100_000, status: n < 5 ? "processing" : "completed" }));
    const known = knownJobs(play(jobs(...many)));
    expect(JSON.stringify({ type: "hello", known }).length).toBeLessThan(16_384);
    expect(Object.keys(known)).toEqual(expect.arrayContaining([0, 1, 2, 3, 4].map(id)));
  });
});
