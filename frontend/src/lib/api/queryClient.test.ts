// Tests when queries are repeated.
import { expect, it } from "vitest";
import { ApiError } from "./client";
import { retryDelay, shouldRetry } from "./queryClient";

const error = (status: number, retryAfter: number | null = null) => new ApiError({ status, code: "code" }, retryAfter);

it.each([0, 500, 503])("repeats a query that failed with status %i, at most twice", (status) => {
  expect([0, 1, 2].map((failures) => shouldRetry(failures, error(status)))).toEqual([true, true, false]);
});

it.each([401, 404, 409, 422, 429])("does not repeat a query that was rejected with status %i", (status) => {
  expect(shouldRetry(0, error(status))).toBe(false);
});

it("waits longer after each failure, and as long as the server demands", () => {
  expect([0, 1].map((failures) => retryDelay(failures, error(0)))).toEqual([1_000, 2_000]);
  expect(retryDelay(0, error(503, 7))).toBe(7_000);
});
