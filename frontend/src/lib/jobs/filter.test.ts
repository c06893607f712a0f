// Tests the search among loaded jobs.
import { expect, it } from "vitest";
import { makeJob } from "@/lib/testing";
import { isFiltering, matches } from "./filter";

const fox = makeJob({ prompt: "A Paper FOX 100%", status: "completed" });

it.each([
  ["fox", true],
  ["  paper fox ", true],
  ["100%", true],
  ["foxes", false],
  ["", true],
])("%j", (q, expected) => {
  expect(matches(fox, { q, status: "all" })).toBe(expected);
});

it("separates active jobs from ended ones", () => {
  expect(matches(fox, { q: "", status: "active" })).toBe(false);
  expect(matches(makeJob({ status: "pending" }), { q: "", status: "active" })).toBe(true);
  expect(matches(fox, { q: "fox", status: "failed" })).toBe(false);
});

it("does not treat blank text as a search", () => {
  expect(isFiltering({ q: "  ", status: "all" })).toBe(false);
  expect(isFiltering({ q: "", status: "failed" })).toBe(true);
});
