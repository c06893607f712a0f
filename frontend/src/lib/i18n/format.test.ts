// Tests numbers with units in both languages.
import { renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import { usePreferences, type Language } from "@/lib/preferences/store";
import { useFormat } from "./format";

function formatIn(language: Language) {
  usePreferences.setState({ language });
  return renderHook(() => useFormat()).result.current;
}

const now = Date.parse("2026-01-01T00:10:00Z");

it("separates digits from Chinese units by a space", () => {
  const { ago, duration, elapsed, range } = formatIn("zh");
  expect(ago("2026-01-01T00:09:00Z", now)).toBe("1 分钟前");
  expect(duration(63_000)).toBe("1 分钟 3 秒");
  expect(duration(180_000)).toBe("3 分钟");
  expect(elapsed(3_000)).toBe("3 秒");
  expect(range(120, 240)).toBe("2-4 分钟");
});

it.each([
  [3_000, "0:03"],
  [46_000, "0:46"],
  [3_723_000, "1:02:03"],
])("writes a running time of %i ms as %s in English", (ms, text) => {
  expect(formatIn("en").elapsed(ms)).toBe(text);
});
