// Tests parsing of valid and invalid frames: none may throw.
import { describe, expect, it } from "vitest";
import { makeJob } from "@/lib/testing";
import { parseFrame } from "./frames";

const parse = (value: unknown) => parseFrame(JSON.stringify(value));

describe("a frame", () => {
  it("of a job contains the job without the frame's type", () => {
    expect(parse({ type: "job", ...makeJob({ seq: 4 }) })).toEqual({ type: "job", job: makeJob({ seq: 4 }) });
  });

  it("of an unknown type is ignored", () => {
    expect(parse({ type: "confetti" })).toBeNull();
  });

  it.each([["not JSON"], ["null"], ["[]"], ["42"], ['{"type":"job","id":7}'], ['{"type":"snapshot","jobs":{}}']])(
    "that is malformed is ignored: %s",
    (text) => expect(parseFrame(text)).toBeNull(),
  );

  it("that is binary is ignored", () => {
    expect(parseFrame(new ArrayBuffer(4))).toBeNull();
  });

  it("with an invalid retry window has none", () => {
    expect(parse({ type: "bye", code: "restart", retryMs: [9, 3] })).toEqual({ type: "bye", retryMs: null });
    expect(parse({ type: "bye", code: "restart", retryMs: [3, 9] })).toEqual({ type: "bye", retryMs: [3, 9] });
  });

  it("of a snapshot skips only malformed jobs", () => {
    expect(parse({ type: "snapshot", jobs: [makeJob(), { id: 3 }], last: true })).toEqual({ type: "snapshot", jobs: [makeJob()], last: true });
  });
});
