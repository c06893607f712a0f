// Tests the texts about failures of jobs and of attempts.
import { readFileSync } from "node:fs";
import i18next from "i18next";
import { beforeAll, expect, it } from "vitest";
import { loadLanguage, setupI18n } from "@/lib/i18n/setup";
import { makeJob } from "@/lib/testing";
import { attemptCount, chargeKey, failureKey, outcomeKey, rejectionReason } from "./failure";

beforeAll(async () => {
  await setupI18n();
  await loadLanguage("zh");
});

const failed = makeJob({ status: "failed", errorCode: "busy" });

it("states whether a failure may have been charged", () => {
  expect(chargeKey(makeJob({ mayHaveBeenCharged: true }))).toBe("failure.charged");
  expect(chargeKey(makeJob({ mayHaveBeenCharged: false }))).toBe("failure.notCharged");
});

it("has a text for unknown codes", () => {
  expect(failureKey("brand_new")).toBe("failure.internal");
  expect(failureKey("toString")).toBe("failure.internal");
  expect(failureKey(null)).toBe("failure.internal");
  expect(outcomeKey("toString")).toBe("outcome.failed");
});

it("counts attempts only if there were several", () => {
  expect(attemptCount(failed)).toBeNull();
  expect(attemptCount({ ...failed, retries: 4 })).toBe(5);
  expect(attemptCount({ ...failed, errorCode: "refused", retries: 4 })).toBeNull();
});

it.each(["en", "zh-CN"])("does not mention several attempts for a single one, in %s", (language) => {
  const t = i18next.getFixedT(language);
  for (const code of ["busy", "transient", "poison"]) expect(t(outcomeKey(code))).not.toMatch(/several|tries|repeatedly|多次|反复/);
  for (const code of ["busy", "transient"]) expect(t(failureKey(code))).not.toMatch(/several|tries|多次/);
});

it("quotes the provider's reason without the server's prefix", () => {
  const rejected = makeJob({ status: "failed", errorCode: "refused", errorMessage: "The video service refused this prompt: 内容违规" });
  expect(rejectionReason(rejected)).toBe("内容违规");
  expect(rejectionReason({ ...rejected, errorMessage: "The video service refused this prompt." })).toBeNull();
  expect(rejectionReason({ ...rejected, errorCode: "busy" })).toBeNull();
  expect(rejectionReason({ ...rejected, status: "processing" })).toBeNull();
});

it("has the same prefix as the processor's message", () => {
  const source = readFileSync(`${process.cwd()}/../processor/src/upstream/failure_message.rs`, "utf8");
  expect(source).toContain('format!("The video service refused this prompt: {reason}")');
});
