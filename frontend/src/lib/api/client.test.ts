// Tests that every way a request can end yields an ApiError with a code.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { poll, request, setUnauthenticatedHandler } from "./client";

const fetchMock = vi.fn<typeof fetch>();
const onUnauthenticated = vi.fn();

beforeEach(() => {
  vi.stubGlobal("fetch", fetchMock);
  setUnauthenticatedHandler(onUnauthenticated);
});

afterEach(() => {
  vi.unstubAllGlobals();
  fetchMock.mockReset();
  onUnauthenticated.mockReset();
});

const problem = (status: number, code: string, headers = {}) =>
  new Response(JSON.stringify({ type: "about:blank", status, code, detail: "no" }), { status, headers });

describe("a request", () => {
  it("yields the code, the fields and the delay of an error response", async () => {
    fetchMock.mockResolvedValue(problem(429, "rate_limited", { "Retry-After": "7" }));
    await expect(request("/api/videos")).rejects.toMatchObject({ status: 429, code: "rate_limited", retryAfter: 7, fields: [] });
  });

  it("has the code network without a response", async () => {
    fetchMock.mockRejectedValue(new TypeError("failed"));
    await expect(request("/api/videos")).rejects.toMatchObject({ status: 0, code: "network" });
  });

  it("has a code when a proxy answers", async () => {
    fetchMock.mockResolvedValue(new Response("<h1>Bad gateway</h1>", { status: 502 }));
    await expect(request("/api/videos")).rejects.toMatchObject({ status: 502, code: "unavailable" });
  });

  it("ends the session on 401, except where 401 is expected", async () => {
    fetchMock.mockImplementation(() => Promise.resolve(problem(401, "unauthenticated")));
    await expect(request("/api/auth/me", { expects401: true })).rejects.toMatchObject({ status: 401 });
    expect(onUnauthenticated).not.toHaveBeenCalled();
    await expect(request("/api/models")).rejects.toMatchObject({ status: 401 });
    expect(onUnauthenticated).toHaveBeenCalledOnce();
  });
});

describe("a poll", () => {
  it("returns the ETag, and no data when nothing has changed", async () => {
    const headers = { ETag: '"7"', "Retry-After": "2" };
    fetchMock.mockResolvedValueOnce(new Response('{"data":[]}', { headers }));
    expect(await poll("/api/videos/jobs", null)).toEqual({ data: { data: [] }, tag: '"7"', retryAfter: 2 });
    fetchMock.mockResolvedValueOnce(new Response(null, { status: 304, headers }));
    expect(await poll("/api/videos/jobs", '"7"')).toEqual({ data: null, tag: '"7"', retryAfter: 2 });
    expect(fetchMock.mock.calls[1]?.[1]?.headers).toMatchObject({ "If-None-Match": '"7"' });
  });

  it("fails like any request", async () => {
    fetchMock.mockResolvedValue(problem(401, "unauthenticated"));
    await expect(poll("/api/videos/jobs", null)).rejects.toMatchObject({ status: 401 });
    expect(onUnauthenticated).toHaveBeenCalledOnce();
  });
});
