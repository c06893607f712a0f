// Validates a prompt. Invariant: the server's own rule, counted in Unicode scalar values; nothing is trimmed or normalized.
import { countCharacters } from "@/lib/text";

export const maxPromptLength = 4_000;

export type PromptProblem =
  | { key: "composer.blocked.empty" | "composer.blocked.blank" | "composer.blocked.nul" | "composer.blocked.broken" }
  | { key: "composer.blocked.tooLong"; count: number };

export function validatePrompt(text: string): PromptProblem | null {
  if (text === "") return { key: "composer.blocked.empty" };
  if (/^\p{White_Space}*$/u.test(text)) return { key: "composer.blocked.blank" };
  if (text.includes("\0")) return { key: "composer.blocked.nul" };
  // A lone surrogate is not a scalar value, and JSON cannot carry it.
  if (!text.isWellFormed()) return { key: "composer.blocked.broken" };
  const excess = countCharacters(text) - maxPromptLength;
  return excess > 0 ? { key: "composer.blocked.tooLong", count: excess } : null;
}
