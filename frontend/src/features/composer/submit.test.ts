// Tests submitting and its failures: no text is lost, and nothing is sent twice.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import { useJobs } from "@/lib/jobs/store";
import { flushPromises, makeJob } from "@/lib/testing";
import { persistDraft, useComposer } from "./store";
import { submit } from "./submit";

const rejected = new ApiError({ status: 422, code: "invalid_fields", errors: [{ field: "prompt", code: "x", message: "no" }] });
const networkError = new ApiError({ status: 0, code: "network" });

beforeEach(() => {
  localStorage.clear();
  useJobs.getState().reset();
  useComposer.getState().open("user");
  return persistDraft();
});

const type = (text: string) => useComposer.getState().setText(text);

describe("submitting", () => {
  it("clears the box and shows a card at once, then the job", async () => {
    const job = makeJob({ prompt: "a fox" });
    vi.spyOn(videos, "submit").mockResolvedValue({ job, jobs: [job], message: "" });
    type("a fox");
    expect(submit("a fox")).toBe(true);
    expect(useComposer.getState().text).toBe("");
    expect(useJobs.getState().optimisticJobs).toMatchObject([{ prompt: "a fox" }]);
    await flushPromises();
    expect(useJobs.getState().optimisticJobs).toEqual([]);
    expect(useJobs.getState().jobs).toEqual(new Map([["job-1", job]]));
  });

  it("sends one request and never repeats it", async () => {
    const call = vi.spyOn(videos, "submit").mockRejectedValue(networkError);
    submit("a fox");
    await flushPromises();
    expect(call).toHaveBeenCalledOnce();
  });

  it("shows a job once when the websocket reports it before the response", () => {
    vi.spyOn(videos, "submit").mockReturnValue(new Promise(() => undefined));
    submit("a fox");
    useJobs.getState().apply({ type: "jobs", jobs: [makeJob({ prompt: "a fox" })] });
    expect(useJobs.getState().optimisticJobs).toEqual([]);
  });

  it("does not send an invalid prompt", () => {
    const call = vi.spyOn(videos, "submit");
    expect(submit("   ")).toBe(false);
    expect(call).not.toHaveBeenCalled();
  });
});

describe("a rejected request", () => {
  it("restores the text and shows the reason", async () => {
    vi.spyOn(videos, "submit").mockRejectedValue(rejected);
    type("a fox");
    submit("a fox");
    await flushPromises();
    expect(useComposer.getState()).toMatchObject({ text: "a fox", notice: { kind: "rejected", text: null } });
  });

  it("does not overwrite newer text, and can be restored", async () => {
    vi.spyOn(videos, "submit").mockRejectedValue(rejected);
    type("a fox");
    submit("a fox");
    type("an owl");
    await flushPromises();
    expect(useComposer.getState()).toMatchObject({ text: "an owl", notice: { text: "a fox" } });
    useComposer.getState().restoreText();
    expect(useComposer.getState().text).toBe("a fox");
  });

  it("is unconfirmed when no response arrived", async () => {
    vi.spyOn(videos, "submit").mockRejectedValue(networkError);
    submit("a fox");
    await flushPromises();
    expect(useComposer.getState().notice?.kind).toBe("unconfirmed");
  });

  it("stores the draft when the session expired", async () => {
    vi.spyOn(videos, "submit").mockRejectedValue(new ApiError({ status: 401, code: "unauthenticated" }));
    type("a fox");
    submit("a fox");
    useComposer.getState().close(false);
    await flushPromises();
    expect(useComposer.getState().text).toBe("");
    useComposer.getState().open("user");
    expect(useComposer.getState().text).toBe("a fox");
  });

  it("shows no notice when the job has already appeared", async () => {
    vi.spyOn(videos, "submit").mockRejectedValue(networkError);
    submit("a fox");
    useJobs.getState().apply({ type: "jobs", jobs: [makeJob({ prompt: "a fox" })] });
    await flushPromises();
    expect(useComposer.getState()).toMatchObject({ text: "", notice: null });
  });
});

describe("the draft", () => {
  it("survives a reload, for its user only", () => {
    type("half a thought");
    useComposer.getState().close(false);
    useComposer.getState().open("someone else");
    expect(useComposer.getState().text).toBe("");
    useComposer.getState().open("user");
    expect(useComposer.getState().text).toBe("half a thought");
  });

  it("is erased on logout", () => {
    type("half a thought");
    useComposer.getState().close(true);
    useComposer.getState().open("user");
    expect(useComposer.getState().text).toBe("");
  });
});
