// Tests that one click sends one request.
import { act, renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { appWrapper } from "@/lib/testing";
import { ApiError } from "./client";
import { useApiMutation } from "./useApiMutation";

it("ignores calls while a request is pending, and shows its error until the next", async () => {
  let fail: (error: ApiError) => void = () => undefined;
  const mutationFn = vi.fn<(variables: string) => Promise<void>>(() => new Promise((_resolve, reject) => (fail = reject)));
  const { result } = renderHook(() => useApiMutation({ mutationFn }), { wrapper: appWrapper() });
  await act(async () => {
    result.current.mutate("first");
    result.current.mutate("second");
    await vi.waitFor(() => expect(mutationFn).toHaveBeenCalled());
  });
  expect(mutationFn.mock.calls.map(([variables]) => variables)).toEqual(["first"]);
  act(() => fail(new ApiError({ status: 503, code: "unavailable" })));
  await vi.waitFor(() => expect(result.current.error?.code).toBe("unavailable"));
  act(() => result.current.mutate("third"));
  await vi.waitFor(() => expect(mutationFn).toHaveBeenCalledTimes(2));
  await vi.waitFor(() => expect(result.current.error).toBeNull());
});
