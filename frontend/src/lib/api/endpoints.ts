// The API calls by name; those of the administration are in admin.ts. Paths appear in these two files only.
import { api, authApi, poll, send } from "./client";
import type { JobQuery, NewWebhook, Registration, Scope, VideoRequest, WebhookChange } from "./types";

/** A server that takes longer counts as unreachable. */
const pollTimeoutMs = 8_000;

export const auth = {
  me: () => send(authApi.GET("/api/auth/me")),
  login: (email: string, password: string) => send(authApi.POST("/api/auth/login", { body: { email, password } })),
  register: (body: Registration) => send(authApi.POST("/api/auth/register", { body })),
  logout: () => send(authApi.POST("/api/auth/logout")),
};

export const account = {
  rename: (name: string | null) => send(api.PATCH("/api/auth/me", { body: { name } })),
  /** Also answers 401 for a wrong password, which does not end the session. */
  changePassword: (currentPassword: string, newPassword: string) =>
    send(authApi.POST("/api/auth/password", { body: { currentPassword, newPassword } })),
  remove: (password: string) => send(authApi.DELETE("/api/auth/me", { body: { password } })),
  sessions: () => send(api.GET("/api/auth/sessions")),
  endSession: (session: string) => send(api.DELETE("/api/auth/sessions/{session}", { params: { path: { session } } })),
  endOtherSessions: () => send(api.DELETE("/api/auth/sessions")),
  budgets: () => send(api.GET("/api/budgets")),
  usage: () => send(api.GET("/api/usage")),
  keys: () => send(api.GET("/api/keys")),
  createKey: (name: string, scopes: Scope[]) => send(api.POST("/api/keys", { body: { name, scopes } })),
  revokeKey: (key: string) => send(api.DELETE("/api/keys/{key}", { params: { path: { key } } })),
};

const webhookPath = (webhook: string) => ({ params: { path: { webhook } } });

export const webhooks = {
  list: () => send(api.GET("/api/webhooks")),
  create: (body: NewWebhook) => send(api.POST("/api/webhooks", { body })),
  change: (id: string, body: WebhookChange) => send(api.PATCH("/api/webhooks/{webhook}", { ...webhookPath(id), body })),
  remove: (id: string) => send(api.DELETE("/api/webhooks/{webhook}", webhookPath(id))),
  rotate: (id: string) => send(api.POST("/api/webhooks/{webhook}/rotate", webhookPath(id))),
  test: (id: string) => send(api.POST("/api/webhooks/{webhook}/test", { ...webhookPath(id), body: {} })),
  deliveries: (id: string) => send(api.GET("/api/webhooks/{webhook}/deliveries", webhookPath(id))),
  resend: (webhook: string, delivery: string) =>
    send(api.POST("/api/webhooks/{webhook}/deliveries/{delivery}/resend", { params: { path: { webhook, delivery } } })),
};

const jobPath = (job: string) => ({ params: { path: { job } } });
const videoPath = (video: string) => ({ params: { path: { video } } });

export const videos = {
  models: () => send(api.GET("/api/models")),
  /** `key` makes the request idempotent: sent again under the same key, it creates nothing twice. */
  submit: (body: VideoRequest, key: string) => send(api.POST("/api/videos", { params: { header: { "Idempotency-Key": key } }, body })),
  job: (id: string, signal?: AbortSignal) => send(api.GET("/api/videos/jobs/{job}", { ...jobPath(id), signal: signal ?? null })),
  jobs: (query: JobQuery, signal?: AbortSignal) => send(api.GET("/api/videos/jobs", { params: { query }, signal: signal ?? null })),
  /** Fetches the newest jobs unless they are unchanged since the response with the given ETag. */
  pollJobs: (limit: number, tag: string | null) =>
    poll(
      api.GET("/api/videos/jobs", {
        params: { query: { limit }, header: tag === null ? {} : { "If-None-Match": tag } },
        signal: AbortSignal.timeout(pollTimeoutMs),
      }),
    ),
  cancel: (id: string) => send(api.POST("/api/videos/jobs/{job}/cancel", jobPath(id))),
  retry: (id: string) => send(api.POST("/api/videos/jobs/{job}/retry", jobPath(id))),
  /** Downloads a finished video again; requests nothing new from the upstream. */
  fetch: (id: string) => send(api.POST("/api/videos/jobs/{job}/fetch", jobPath(id))),
  remove: (id: string) => send(api.DELETE("/api/videos/jobs/{job}", jobPath(id))),
  attempts: (id: string) => send(api.GET("/api/videos/jobs/{job}/attempts", jobPath(id))),
  video: (id: string) => send(api.GET("/api/videos/{video}", videoPath(id))),
  share: (id: string) => send(api.POST("/api/videos/{video}/shares", { ...videoPath(id), body: {} })),
  unshare: (id: string) => send(api.DELETE("/api/videos/{video}/shares", videoPath(id))),
  shared: (token: string) => send(authApi.GET("/api/shares/{token}", { params: { path: { token } } })),
};

const imagePath = (image: string) => ({ params: { path: { image } } });

export const images = {
  upload: (file: Blob, signal: AbortSignal) =>
    send(
      api.POST("/api/images", {
        // The generated type of a file is string.
        body: { image: "" },
        bodySerializer: () => {
          const form = new FormData();
          form.append("image", file);
          return form;
        },
        signal,
      }),
    ),
  image: (id: string) => send(api.GET("/api/images/{image}", imagePath(id))),
  remove: (id: string) => send(api.DELETE("/api/images/{image}", imagePath(id))),
};
