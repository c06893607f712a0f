// The administration calls. Paths appear here and in endpoints.ts only.
import { api, send } from "./client";
import type { AdminJobQuery, NewResult, PageQuery, PoolChange, QueueChange, UpstreamChange, UserChange, UserQuery } from "./types";

export const admin = {
  stats: () => send(api.GET("/api/admin/stats")),
  queue: () => send(api.GET("/api/admin/queue")),
  setQueue: (body: QueueChange) => send(api.PATCH("/api/admin/queue", { body })),
  jobs: (query: AdminJobQuery) => send(api.GET("/api/admin/jobs", { params: { query } })),
  job: (job: string) => send(api.GET("/api/admin/jobs/{job}", { params: { path: { job } } })),
  addResult: (job: string, attempt: string, body: NewResult) =>
    send(api.POST("/api/admin/jobs/{job}/attempts/{attempt}/results", { params: { path: { job, attempt } }, body })),
  retryJob: (job: string) => send(api.POST("/api/admin/jobs/{job}/retry", { params: { path: { job } } })),
  pools: () => send(api.GET("/api/admin/pools")),
  setPool: (pool: string, body: PoolChange) => send(api.PATCH("/api/admin/pools/{pool}", { params: { path: { pool } }, body })),
  setUpstream: (upstream: string, body: UpstreamChange) =>
    send(api.PATCH("/api/admin/upstreams/{upstream}", { params: { path: { upstream } }, body })),
  upstreams: () => send(api.GET("/api/admin/upstreams")),
  resumeUpstream: (upstream: string) => send(api.POST("/api/admin/upstreams/resume", { body: { upstream } })),
  users: (query: UserQuery) => send(api.GET("/api/admin/users", { params: { query } })),
  setUser: (user: string, body: UserChange) => send(api.PATCH("/api/admin/users/{user}", { params: { path: { user } }, body })),
  costs: (by: string) => send(api.GET("/api/admin/costs", { params: { query: { by } } })),
  audit: (query: PageQuery) => send(api.GET("/api/admin/audit", { params: { query } })),
};
