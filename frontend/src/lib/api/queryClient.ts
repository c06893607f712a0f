// The cache of what the page asks the server for. Jobs are not in it: the websocket keeps them up to date in the job store.
import { QueryClient } from "@tanstack/react-query";
import type { ApiError } from "./client";

declare module "@tanstack/react-query" {
  interface Register {
    defaultError: ApiError;
  }
}

const maxRetries = 2;

/** Only failures that may be over at the next attempt. */
export const shouldRetry = (failures: number, { status }: ApiError): boolean => failures < maxRetries && (status === 0 || status >= 500);

/** Exponential from 1 s, and never earlier than the server allows. */
export const retryDelay = (failures: number, { retryAfter }: ApiError): number => Math.max(1_000 * 2 ** failures, (retryAfter ?? 0) * 1_000);

export const queryClient = new QueryClient({
  defaultOptions: {
    // Requests are sent even when the browser believes to be offline: a pending mutation must not be sent unasked later.
    queries: { networkMode: "always", refetchOnReconnect: true, retry: shouldRetry, retryDelay },
    // Passwords and new keys are not kept.
    mutations: { networkMode: "always", gcTime: 0 },
  },
});

/** Removes everything, before another user may sign in. Responses still under way are dropped. */
export function resetQueries(): void {
  void queryClient.cancelQueries();
  queryClient.clear();
}
