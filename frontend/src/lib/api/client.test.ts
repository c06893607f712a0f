// Tests that every way a request can end yields an ApiError with a code.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api, authApi, poll, send, setUnauthenticatedHandler } from "./client";

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

const listModels = () => send(api.GET("/api/models"));

describe("a request", () => {
  it("does not compile with a wrong path, parameter, body or field", () => {
    const mistakes: readonly (() => unknown)[] = [
      // @ts-expect-error No such path.
      () => api.GET("/api/model"),
      // @ts-expect-error No such method.
      () => api.DELETE("/api/models"),
      // @ts-expect-error The parameter is called job.
      () => api.GET("/api/videos/jobs/{job}", { params: { path: { id: "1" } } }),
      // @ts-expect-error The prompt is required.
      () => api.POST("/api/videos", { body: { seconds: 10 } }),
      // @ts-expect-error The response has no such field.
      () => listModels().then(({ models, default: missing }) => [models, missing] as unknown),
    ];
    expect(mistakes).toHaveLength(5);
  });

  it("sends path parameters, query and body, and resolves to the response's body", async () => {
    fetchMock.mockImplementation(() => Promise.resolve(Response.json({ id: "1" })));
    expect(await send(api.GET("/api/videos/jobs/{job}", { params: { path: { job: "a/b" } } }))).toEqual({ id: "1" });
    await send(api.GET("/api/videos/jobs", { params: { query: { q: "a fox", limit: 5 } } }));
    await send(api.POST("/api/videos", { params: { header: { "Idempotency-Key": "k" } }, body: { prompt: "a fox" } }));
    const [job, jobs, submission] = fetchMock.mock.calls.map(([request]) => request as Request);
    expect(job!.url).toBe(`${window.location.origin}/api/videos/jobs/a%2Fb`);
    expect(jobs!.url).toBe(`${window.location.origin}/api/videos/jobs?q=a%20fox&limit=5`);
    expect(submission!.headers.get("Idempotency-Key")).toBe("k");
    expect(submission!.headers.get("Content-Type")).toBe("application/json");
    expect(await submission!.json()).toEqual({ prompt: "a fox" });
  });

  it("resolves to undefined without content", async () => {
    fetchMock.mockResolvedValue(new Response(null, { status: 204 }));
    await expect(send(api.DELETE("/api/auth/sessions"))).resolves.toBeUndefined();
  });

  it.each(["", '{"models":['])("has the code network with the truncated body %j", async (body) => {
    fetchMock.mockResolvedValue(new Response(body));
    await expect(listModels()).rejects.toMatchObject({ status: 0, code: "network" });
  });

  it("yields the code, the fields and the delay of an error response", async () => {
    fetchMock.mockResolvedValue(problem(429, "rate_limited", { "Retry-After": "7" }));
    await expect(listModels()).rejects.toMatchObject({ status: 429, code: "rate_limited", retryAfter: 7, fields: [] });
  });

  it("has the code network without a response", async () => {
    fetchMock.mockRejectedValue(new TypeError("failed"));
    await expect(listModels()).rejects.toMatchObject({ status: 0, code: "network" });
  });

  it("has a code when a proxy answers", async () => {
    fetchMock.mockResolvedValue(new Response("<h1>Bad gateway</h1>", { status: 502 }));
    await expect(listModels()).rejects.toMatchObject({ status: 502, code: "unavailable" });
  });

  it("ends the session on 401, except where 401 is expected", async () => {
    fetchMock.mockImplementation(() => Promise.resolve(problem(401, "unauthenticated")));
    await expect(send(authApi.GET("/api/auth/me"))).rejects.toMatchObject({ status: 401 });
    expect(onUnauthenticated).not.toHaveBeenCalled();
    await expect(listModels()).rejects.toMatchObject({ status: 401 });
    expect(onUnauthenticated).toHaveBeenCalledOnce();
  });
});

describe("a poll", () => {
  const pollJobs = (tag?: string) => poll(api.GET("/api/videos/jobs", { params: { header: tag === undefined ? {} : { "If-None-Match": tag } } }));

  it("returns the ETag, and no data when nothing has changed", async () => {
    const headers = { ETag: '"7"', "Retry-After": "2" };
    fetchMock.mockResolvedValueOnce(new Response('{"data":[]}', { headers }));
    expect(await pollJobs()).toEqual({ data: { data: [] }, tag: '"7"', retryAfter: 2 });
    fetchMock.mockResolvedValueOnce(new Response(null, { status: 304, headers }));
    expect(await pollJobs('"7"')).toEqual({ data: null, tag: '"7"', retryAfter: 2 });
    expect((fetchMock.mock.calls[1]?.[0] as Request).headers.get("If-None-Match")).toBe('"7"');
  });

  it("fails like any request", async () => {
    fetchMock.mockResolvedValue(problem(401, "unauthenticated"));
    await expect(pollJobs()).rejects.toMatchObject({ status: 401 });
    expect(onUnauthenticated).toHaveBeenCalledOnce();
  });
});
