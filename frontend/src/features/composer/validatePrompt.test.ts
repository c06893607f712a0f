// Tests prompts at the limits of the server's rule.
import { describe, expect, it } from "vitest";
import { validatePrompt } from "./validatePrompt";

describe("a prompt", () => {
  it.each(["a", "  kept  as  it is\n", "```\ncode\n```", "مرحبا", "🦊", "\uFEFF"])("is valid: %j", (text) => {
    expect(validatePrompt(text)).toBeNull();
  });

  it("may have 4,000 Unicode scalar values", () => {
    expect(validatePrompt("字".repeat(4_000))).toBeNull();
    expect(validatePrompt("🦊".repeat(4_000))).toBeNull();
    expect(validatePrompt("🦊".repeat(4_002))).toEqual({ key: "composer.blocked.tooLong", count: 2 });
  });

  it("must not be empty", () => {
    expect(validatePrompt("")).toEqual({ key: "composer.blocked.empty" });
  });

  it.each([" ", "\n\t ", "\u3000", "\u00a0", "\u0085", "\u2003\u2028"])("must not be blank: %j", (text) => {
    expect(validatePrompt(text)).toEqual({ key: "composer.blocked.blank" });
  });

  it("must not contain U+0000", () => {
    expect(validatePrompt("a\0b")).toEqual({ key: "composer.blocked.nul" });
  });

  it("must not contain a lone surrogate", () => {
    expect(validatePrompt("a\ud83e")).toEqual({ key: "composer.blocked.broken" });
  });
});
