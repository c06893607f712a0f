// Tests the status texts in both languages.
import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { loadLanguage, setupI18n } from "@/lib/i18n/setup";
import { makeJob } from "@/lib/testing";
import { hasKnownProgress, statusText } from "./statusText";

const now = Date.parse("2026-01-01T00:00:00Z");

beforeAll(async () => {
  await setupI18n();
  await loadLanguage("zh");
});

function say(language: string, fields: Parameters<typeof makeJob>[0]): string {
  const phrase = statusText(makeJob(fields), now);
  return i18next.getFixedT(language)(phrase.key as "jobStatus.generating", ("values" in phrase ? phrase.values : {}) as { percent: number });
}

describe("the status text", () => {
  it.each([
    [{ queuePosition: 1 }, "Waiting, next in line", "排队中，即将开始"],
    [{ queuePosition: 2 }, "Waiting, 2nd in line", "排队中，第 2 位"],
    [{ queuePosition: 3 }, "Waiting, 3rd in line", "排队中，第 3 位"],
    [{ queuePosition: 11 }, "Waiting, 11th in line", "排队中，第 11 位"],
    [{ queuePosition: 21 }, "Waiting, 21st in line", "排队中，第 21 位"],
    [{ queuePosition: null }, "Waiting", "排队中"],
    [{ phase: "retrying", nextAttemptAt: "2026-01-01T00:00:07.2Z" }, "Retrying in 8 s", "8 秒后重试"],
    [{ phase: "retrying", nextAttemptAt: "2025-12-31T23:59:59Z" }, "Retrying now", "正在重试"],
    [{ status: "processing", phase: "submitting" }, "Starting", "正在启动"],
    [{ status: "processing", phase: "generating", progress: 36 }, "Generating 36%", "生成中 36%"],
    [{ status: "processing", phase: "downloading", progress: 100 }, "Downloading", "正在下载"],
    [{ status: "failed" }, "Failed", "失败"],
  ] as const)("%j", (fields, english, chinese) => {
    expect(say("en", fields)).toBe(english);
    expect(say("zh-CN", fields)).toBe(chinese);
  });
});

it("the progress is known only while generating or downloading", () => {
  expect(hasKnownProgress(makeJob({ status: "processing", phase: "generating", progress: 0 }))).toBe(false);
  expect(hasKnownProgress(makeJob({ status: "processing", phase: "generating", progress: 1 }))).toBe(true);
  expect(hasKnownProgress(makeJob({ status: "pending", phase: "retrying", progress: 40 }))).toBe(false);
});
