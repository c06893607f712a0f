// Sends all HTTP requests. Invariant: every failure is an ApiError with a code; nothing else is thrown.
import { observeServerTime, serverNow } from "@/lib/serverClock";
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

export const asApiError = (cause: unknown): ApiError =>
  cause instanceof ApiError ? cause : new ApiError({ status: 0, code: "network" });

let onUnauthenticated: () => void = () => undefined;

/** Sets what to do when the server no longer knows the session. */
export function setUnauthenticatedHandler(handler: () => void): void {
  onUnauthenticated = handler;
}

interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** FormData is sent as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** For calls whose 401 does not mean that the session has ended, such as signing in. */
  expects401?: boolean;
}

/** Response to a poll; `data` is null when nothing has changed since the response with the given `tag`. */
export interface Polled<T> {
  data: T | null;
  tag: string | null;
  /** From `Retry-After`, in seconds. */
  retryAfter: number | null;
}

/** A server that takes longer counts as unreachable. */
const pollTimeoutMs = 8_000;

/** Fetches a resource unless it is unchanged since the response with the given `tag`. */
export async function poll<T>(path: string, tag: string | null): Promise<Polled<T>> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (tag !== null) headers["If-None-Match"] = tag;
  const response = await send(path, { credentials: "same-origin", headers, signal: AbortSignal.timeout(pollTimeoutMs) });
  const notModified = response.status === 304;
  if (!notModified && !response.ok) throw await toApiError(response, false);
  return { data: notModified ? null : await readJson<T>(response), tag: response.headers.get("ETag"), retryAfter: parseRetryAfter(response) };
}

export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const { method = "GET", body, signal, expects401 = false } = options;
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  const init: RequestInit = { method, credentials: "same-origin", headers };
  if (signal) init.signal = signal;
  if (body instanceof FormData) {
    init.body = body;
  } else if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  const response = await send(path, init);
  if (!response.ok) throw await toApiError(response, expects401);
  if (response.status === 204) return undefined as T;
  return readJson<T>(response);
}

async function toApiError(response: Response, expects401: boolean): Promise<ApiError> {
  const error = await readProblem(response);
  if (error.status === 401 && !expects401) onUnauthenticated();
  return error;
}

async function readJson<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    // A truncated response says as little about the request's effect as none.
    throw new ApiError({ status: 0, code: "network" });
  }
}

function parseRetryAfter(response: Response): number | null {
  const header = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return Number.isFinite(header) ? header : null;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(path, init);
    const date = response.headers.get("Date");
    if (date) observeServerTime(Date.parse(date));
    return response;
  } catch {
    throw new ApiError({ status: 0, code: "network" });
  }
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
