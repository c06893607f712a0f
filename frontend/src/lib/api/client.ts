// The typed HTTP client for the paths of the API document. Invariant: every failure is an ApiError with a code; nothing else is thrown.
import createClient, { type Client, type Middleware } from "openapi-fetch";
import { observeServerTime, serverNow } from "@/lib/serverClock";
import { apiOrigin } from "./origin";
import type { paths } from "./schema";
import type { FieldProblem, Problem } from "./types";

/** The code `network` means that no response arrived, so that the request's effect is unknown. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: FieldProblem[];
  readonly requestId: string | undefined;
  /** From `Retry-After`, in seconds. */
  readonly retryAfter: number | null;
  /** When `Retry-After` ends, in the server's time (ms). */
  readonly retryAt: number | null;

  constructor(problem: Problem, retryAfter: number | null = null) {
    super(problem.detail ?? problem.title ?? problem.code);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code;
    this.fields = problem.errors ?? [];
    this.requestId = problem.requestId;
    this.retryAfter = retryAfter;
    this.retryAt = retryAfter === null ? null : serverNow() + retryAfter * 1_000;
  }
}

/** Anything but an ApiError is a missing or truncated response, which says as little about the request's effect as none. */
export const asApiError = (cause: unknown): ApiError =>
  cause instanceof ApiError ? cause : new ApiError({ status: 0, code: "network" });

let onUnauthenticated: () => void = () => undefined;

/** Sets what to do when the server no longer knows the session. */
export function setUnauthenticatedHandler(handler: () => void): void {
  onUnauthenticated = handler;
}

const failOnError: Middleware = {
  onResponse: async ({ response }) => {
    observeServerTime(Date.parse(response.headers.get("Date") ?? ""));
    if (!response.ok && response.status !== 304) throw await readProblem(response);
  },
};

const endSessionOn401: Middleware = {
  onResponse: ({ response }) => {
    if (response.status === 401) onUnauthenticated();
  },
};

function createApiClient(...middleware: Middleware[]): Client<paths> {
  const client = createClient<paths>({
    baseUrl: apiOrigin || window.location.origin,
    credentials: "include",
    headers: { Accept: "application/json" },
    fetch: (request) => globalThis.fetch(request),
  });
  // Responses pass through the middleware in reverse order.
  client.use(failOnError, ...middleware);
  return client;
}

export const api = createApiClient(endSessionOn401);

/** For calls whose 401 does not mean that the session has ended, such as signing in. */
export const authApi = createApiClient();

/** What openapi-fetch resolves to. */
type Outcome<Data> = { data: Data; error?: never; response: Response } | { data?: never; error: unknown; response: Response };

/** Resolves to the response's body, undefined for 204. */
export async function send<Data>(call: Promise<Outcome<Data>>): Promise<Data> {
  try {
    const { data, response } = await call;
    if (data === undefined && response.status !== 204) throw new ApiError({ status: 0, code: "network" });
    return data as Data;
  } catch (cause) {
    throw asApiError(cause);
  }
}

/** Response to a poll; `data` is null when nothing has changed since the response with the given ETag. */
export interface Polled<Data> {
  data: Data | null;
  tag: string | null;
  /** From `Retry-After`, in seconds. */
  retryAfter: number | null;
}

/** Like `send`, for calls with `If-None-Match`. */
export async function poll<Data>(call: Promise<Outcome<Data>>): Promise<Polled<Data>> {
  try {
    const { data, response } = await call;
    return { data: data ?? null, tag: response.headers.get("ETag"), retryAfter: parseRetryAfter(response) };
  } catch (cause) {
    throw asApiError(cause);
  }
}

function parseRetryAfter(response: Response): number | null {
  const header = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return Number.isFinite(header) ? header : null;
}

async function readProblem(response: Response): Promise<ApiError> {
  const retryAfter = parseRetryAfter(response);
  const fallback = response.status === 401 ? "unauthenticated" : response.status >= 500 ? "unavailable" : "internal";
  try {
    const problem = (await response.json()) as Partial<Problem>;
    const code = typeof problem.code === "string" ? problem.code : fallback;
    return new ApiError({ ...problem, status: response.status, code }, retryAfter);
  } catch {
    // A proxy may answer without a problem document.
    return new ApiError({ status: response.status, code: fallback }, retryAfter);
  }
}
