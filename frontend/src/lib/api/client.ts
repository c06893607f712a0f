// The one way requests leave the page. Invariant: every failure is an ApiError with a code; nothing else is thrown.
import { observeServerTime, serverNow } from "@/lib/serverClock";
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

/** What is polled: `data` is null when nothing has changed since the answer that `tag` names. */
export interface Polled<T> {
  data: T | null;
  tag: string | null;
  /** From `Retry-After`, in seconds. */
  retryAfter: number | null;
}

/** A server that takes longer does not answer. */
const pollTimeoutMs = 8_000;

/** Asks for something that may not have changed, by the `tag` of the last answer. */
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
    // An answer that breaks off says as little about what happened as none at all.
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
    // A proxy in between answers in its own words.
    return new ApiError({ status: response.status, code: fallback }, retryAfter);
  }
}
