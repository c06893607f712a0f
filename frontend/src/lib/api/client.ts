// The one way requests leave the page. Invariant: every failure is an ApiError with a code; nothing else is thrown.
import { observeServerTime, serverNow } from "@/lib/clock";
import type { FieldProblem, Problem } from "./types";

/** `network` when no answer came, so that what the server did is not known. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: FieldProblem[];
  readonly requestId: string | undefined;
  /** From `Retry-After`, in seconds. */
  readonly retryAfter: number | null;
  /** When that is over, in the server's time in ms. */
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

/** Registers what happens when the server no longer knows the session. */
export function setUnauthenticatedHandler(handler: () => void): void {
  onUnauthenticated = handler;
}

interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** A form goes as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Sign-in and the session probe answer 401 themselves. */
  expects401?: boolean;
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
  if (!response.ok) {
    const error = await readProblem(response);
    if (error.status === 401 && !expects401) onUnauthenticated();
    throw error;
  }
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    // An answer that breaks off says as little about what happened as none at all.
    throw new ApiError({ status: 0, code: "network" });
  }
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
  const header = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfter = Number.isFinite(header) ? header : null;
  const fallback = response.status === 401 ? "unauthenticated" : response.status >= 500 ? "unavailable" : "internal";
  try {
    const problem = (await response.json()) as Partial<Problem>;
    const code = typeof problem.code === "string" ? problem.code : fallback;
    return new ApiError({ ...problem, status: response.status, code }, retryAfter);
  } catch {
    // A proxy in between answers in its own words.
    return new ApiError({ status: response.status, code: fallback }, retryAfter);
  }
}
