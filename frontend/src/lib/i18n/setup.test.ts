// Tests that a language takes effect only with its texts.
import { afterEach, beforeEach, expect, it, vi } from "vitest";

beforeEach(() => {
  vi.resetModules();
  localStorage.clear();
});

afterEach(() => vi.doUnmock("./zh.json"));

/** Loads the modules anew, with `preferred` as the stored language. */
async function start(preferred: string) {
  localStorage.setItem("sora.language", preferred);
  const { default: i18next } = await import("i18next");
  const { usePreferences } = await import("@/lib/preferences/store");
  const setup = await import("./setup");
  await setup.setupI18n();
  return { ...setup, text: () => i18next.t("app.cancel"), language: () => usePreferences.getState().language };
}

const withoutChinese = () =>
  vi.doMock("./zh.json", () => {
    throw new Error("offline");
  });

it("loads the preferred language before anything is rendered", async () => {
  const { text, language } = await start("zh");
  expect([text(), language()]).toEqual(["取消", "zh"]);
});

it("keeps the language until the texts of the next are loaded", async () => {
  const { changeLanguage, text, language } = await start("en");
  const change = changeLanguage("zh");
  expect([text(), language()]).toEqual(["Cancel", "en"]);
  await change;
  expect([text(), language(), localStorage.getItem("sora.language")]).toEqual(["取消", "zh", "zh"]);
});

it("keeps the language when the texts of the next cannot be loaded", async () => {
  withoutChinese();
  const { changeLanguage, text, language } = await start("en");
  await expect(changeLanguage("zh")).rejects.toThrow();
  expect([text(), language(), localStorage.getItem("sora.language")]).toEqual(["Cancel", "en", "en"]);
});

it("starts in English, and keeps the preference, when the preferred language cannot be loaded", async () => {
  withoutChinese();
  const { text, language } = await start("zh");
  expect([text(), language(), localStorage.getItem("sora.language")]).toEqual(["Cancel", "en", "zh"]);
});
