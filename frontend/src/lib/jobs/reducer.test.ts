// The reducer against frames in any order: what must hold is that the higher seq wins and the dead stay dead.
import { describe, expect, it } from "vitest";
import type { Job } from "@/lib/api/types";
import { makeJob } from "@/lib/testing";
import { emptyJobs, knownJobs, reduceJobs, type JobsEvent, type JobsState } from "./reducer";

const play = (...events: JobsEvent[]): JobsState => events.reduce(reduceJobs, emptyJobs);
const jobs = (...list: Job[]): JobsEvent => ({ type: "jobs", jobs: list });

describe("the reducer", () => {
  it("keeps the higher seq, whatever order the states arrive in", () => {
    const old = makeJob({ seq: 4, status: "processing", progress: 30 });
    const young = makeJob({ seq: 5, status: "processing", progress: 40 });
    expect(play(jobs(old), jobs(young)).jobs.get("job-1")).toEqual(young);
    expect(play(jobs(young), jobs(old)).jobs.get("job-1")).toEqual(young);
  });

  it("takes a retry that starts over, because its seq is higher", () => {
    const state = play(
      jobs(makeJob({ seq: 7, status: "processing", phase: "generating", progress: 80 })),
      jobs(makeJob({ seq: 8, phase: "retrying", progress: 0, retries: 1 })),
    );
    expect(state.jobs.get("job-1")).toMatchObject({ progress: 0, phase: "retrying", retries: 1 });
  });

  it("merges a snapshot job by job, and keeps what it does not name", () => {
    const state = play(
      jobs(makeJob({ id: "a", seq: 9 }), makeJob({ id: "b", seq: 1 })),
      jobs(makeJob({ id: "a", seq: 3 }), makeJob({ id: "c", seq: 1 })),
    );
    expect([...state.jobs.keys()].sort()).toEqual(["a", "b", "c"]);
    expect(state.jobs.get("a")?.seq).toBe(9);
  });

  it("never raises a job that is gone, not even by a higher seq", () => {
    const state = play(jobs(makeJob({ seq: 5 })), { type: "gone", id: "job-1", seq: 6 }, jobs(makeJob({ seq: 99 })));
    expect(state.jobs).toEqual(new Map());
    expect(state.gone).toEqual({ "job-1": 6 });
  });

  it("keeps a tombstone for a job it has not met yet", () => {
    expect(play({ type: "gone", id: "job-1", seq: 3 }, jobs(makeJob({ seq: 2 }))).jobs).toEqual(new Map());
  });

  it("moves a waiting job in line without a seq, upwards too", () => {
    const state = play(
      jobs(makeJob({ seq: 1, queuePosition: 2 })),
      { type: "position", id: "job-1", queuePosition: 5 },
    );
    expect(state.jobs.get("job-1")).toMatchObject({ seq: 1, queuePosition: 5 });
  });

  it("ignores a late position of a job that has left the line", () => {
    const state = play(
      jobs(makeJob({ seq: 2, status: "processing" })),
      { type: "position", id: "job-1", queuePosition: 1 },
    );
    expect(state.jobs.get("job-1")?.queuePosition).toBeNull();
  });

  it("takes the place in line from polling, which carries the same seq", () => {
    const state = play(jobs(makeJob({ queuePosition: 3 })), jobs(makeJob({ queuePosition: 2 })));
    expect(state.jobs.get("job-1")?.queuePosition).toBe(2);
  });

  it("returns the very same state when nothing changed", () => {
    const state = play(jobs(makeJob({ seq: 2 })));
    expect(reduceJobs(state, jobs(makeJob({ seq: 2 })))).toBe(state);
    expect(reduceJobs(state, jobs(makeJob({ seq: 1 })))).toBe(state);
    expect(reduceJobs(state, { type: "position", id: "unheard-of", queuePosition: 1 })).toBe(state);
  });
});

describe("what is told on reconnecting", () => {
  it("names every job with its seq", () => {
    expect(knownJobs(play(jobs(makeJob({ id: "a", seq: 2 }), makeJob({ id: "b", seq: 7 }))))).toEqual({ a: 2, b: 7 });
  });

  it("fits one message, and leaves no active job out", () => {
    const id = (n: number) => `01890000-0000-7000-8000-${String(n).padStart(12, "0")}`;
    const many = Array.from({ length: 900 }, (_, n) => makeJob({ id: id(n), seq: 100_000, status: n < 5 ? "processing" : "completed" }));
    const known = knownJobs(play(jobs(...many)));
    expect(JSON.stringify({ type: "hello", known }).length).toBeLessThan(16_384);
    expect(Object.keys(known)).toEqual(expect.arrayContaining([0, 1, 2, 3, 4].map(id)));
  });
});
