// Prompts at the edge of the rule: the page must agree with the server on each.
import { describe, expect, it } from "vitest";
import { validatePrompt } from "./validatePrompt";

describe("a prompt", () => {
  it.each(["a", "  kept  as  it is\n", "```\ncode\n```", "مرحبا", "🦊", "\uFEFF"])("is fine: %j", (text) => {
    expect(validatePrompt(text)).toBeNull();
  });

  it("may hold 4,000 characters, counted as Unicode scalar values", () => {
    expect(validatePrompt("字".repeat(4_000))).toBeNull();
    expect(validatePrompt("🦊".repeat(4_000))).toBeNull();
    expect(validatePrompt("🦊".repeat(4_002))).toEqual({ key: "composer.blocked.tooLong", count: 2 });
  });

  it("is not empty", () => {
    expect(validatePrompt("")).toEqual({ key: "composer.blocked.empty" });
  });

  it.each([" ", "\n\t ", "\u3000", "\u00a0", "\u0085", "\u2003\u2028"])("is not blank: %j", (text) => {
    expect(validatePrompt(text)).toEqual({ key: "composer.blocked.blank" });
  });

  it("holds no U+0000", () => {
    expect(validatePrompt("a\0b")).toEqual({ key: "composer.blocked.nul" });
  });

  it("holds no half of a surrogate pair", () => {
    expect(validatePrompt("a\ud83e")).toEqual({ key: "composer.blocked.broken" });
  });
});
