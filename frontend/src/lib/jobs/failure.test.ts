// What is said of a failure: of the job, of one of its requests, and in the words of whoever refused it.
import { readFileSync } from "node:fs";
import i18next from "i18next";
import { beforeAll, expect, it } from "vitest";
import { setupI18n } from "@/lib/i18n/setup";
import { makeJob } from "@/lib/testing";
import { chargeKey, failureKey, outcomeKey, rejectionReason, attemptCount } from "./failure";

beforeAll(setupI18n);

const failed = makeJob({ status: "failed", errorCode: "busy" });

it("says whether a failure may have been charged", () => {
  expect(chargeKey(makeJob({ mayHaveBeenCharged: true }))).toBe("failure.charged");
  expect(chargeKey(makeJob({ mayHaveBeenCharged: false }))).toBe("failure.notCharged");
});

it("has a sentence for a code it has never heard of", () => {
  expect(failureKey("brand_new")).toBe("failure.internal");
  expect(failureKey("toString")).toBe("failure.internal");
  expect(failureKey(null)).toBe("failure.internal");
  expect(outcomeKey("toString")).toBe("outcome.failed");
});

it("counts the tries of a job, and only where there were several", () => {
  expect(attemptCount(failed)).toBeNull();
  expect(attemptCount({ ...failed, retries: 4 })).toBe(5);
  expect(attemptCount({ ...failed, errorCode: "refused", retries: 4 })).toBeNull();
});

it.each(["en", "zh-CN"])("never speaks of several tries for a single request, in %s", (language) => {
  const t = i18next.getFixedT(language);
  for (const code of ["busy", "transient", "poison"]) expect(t(outcomeKey(code))).not.toMatch(/several|tries|repeatedly|多次|反复/);
  for (const code of ["busy", "transient"]) expect(t(failureKey(code))).not.toMatch(/several|tries|多次/);
});

it("quotes who refused, without the server's own sentence", () => {
  const refused = makeJob({ status: "failed", errorCode: "refused", errorMessage: "The video service refused this prompt: 内容违规" });
  expect(rejectionReason(refused)).toBe("内容违规");
  expect(rejectionReason({ ...refused, errorMessage: "The video service refused this prompt." })).toBeNull();
  expect(rejectionReason({ ...refused, errorCode: "busy" })).toBeNull();
  expect(rejectionReason({ ...refused, status: "processing" })).toBeNull();
});

it("knows how the processor's sentence begins", () => {
  const words = readFileSync(`${process.cwd()}/../processor/src/upstream/failure_message.rs`, "utf8");
  expect(words).toContain('format!("The video service refused this prompt: {reason}")');
});
