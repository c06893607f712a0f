// The API calls by name; those of the administration are in admin.ts. Paths appear in these two files only.
import { query } from "./admin";
import { poll, request } from "./client";
import type {
  ApiKey,
  Attempt,
  Image,
  Job,
  JobStatus,
  LoginSession,
  Me,
  Models,
  NewApiKey,
  Page,
  Scope,
  Share,
  SharedVideo,
  SignedIn,
  Video,
  VideoRequest,
} from "./types";

const segment = encodeURIComponent;
const jobPath = (id: string): string => `/api/videos/jobs/${segment(id)}`;
const imagePath = (id: string): string => `/api/images/${segment(id)}`;
const videoPath = (id: string): string => `/api/videos/${segment(id)}`;

export const auth = {
  me: () => request<Me>("/api/auth/me", { expects401: true }),
  login: (email: string, password: string) =>
    request<SignedIn>("/api/auth/login", { method: "POST", body: { email, password }, expects401: true }),
  register: (email: string, password: string, name: string, setupToken: string) =>
    request<SignedIn>("/api/auth/register", {
      method: "POST",
      body: { email, password, ...(name && { name }), ...(setupToken && { setupToken }) },
      expects401: true,
    }),
  logout: () => request<undefined>("/api/auth/logout", { method: "POST", expects401: true }),
};

export const account = {
  rename: (name: string | null) => request<SignedIn>("/api/auth/me", { method: "PATCH", body: { name } }),
  /** Also answers 401 for a wrong password, which does not end the session. */
  changePassword: (currentPassword: string, newPassword: string) =>
    request<undefined>("/api/auth/password", { method: "POST", body: { currentPassword, newPassword }, expects401: true }),
  remove: (password: string) => request<undefined>("/api/auth/me", { method: "DELETE", body: { password }, expects401: true }),
  sessions: () => request<{ data: LoginSession[] }>("/api/auth/sessions"),
  endSession: (id: string) => request<undefined>(`/api/auth/sessions/${segment(id)}`, { method: "DELETE" }),
  endOtherSessions: () => request<undefined>("/api/auth/sessions", { method: "DELETE" }),
  keys: () => request<{ data: ApiKey[] }>("/api/keys"),
  createKey: (name: string, scopes: Scope[]) => request<NewApiKey>("/api/keys", { method: "POST", body: { name, scopes } }),
  revokeKey: (id: string) => request<undefined>(`/api/keys/${segment(id)}`, { method: "DELETE" }),
};
export const exportUrl = "/api/auth/export";

export interface JobFilter {
  status?: JobStatus;
  q?: string;
}

export const videos = {
  models: () => request<Models>("/api/models"),
  /** `key` makes the request idempotent: sent again under the same key, it creates nothing twice. */
  submit: (body: VideoRequest, key: string) =>
    request<{ job: Job; jobs: Job[] }>("/api/videos", { method: "POST", body, headers: { "Idempotency-Key": key } }),
  job: (id: string) => request<Job>(jobPath(id)),
  jobs: (limit: number, cursor?: string, filter: JobFilter = {}) =>
    request<Page<Job>>(`/api/videos/jobs${query({ limit: String(limit), cursor, ...filter })}`),
  pollJobs: (limit: number, tag: string | null) => poll<Page<Job>>(`/api/videos/jobs?limit=${limit}`, tag),
  cancel: (id: string) => request<Job>(`${jobPath(id)}/cancel`, { method: "POST" }),
  retry: (id: string) => request<Job>(`${jobPath(id)}/retry`, { method: "POST" }),
  /** Downloads a finished video again; requests nothing new from the upstream. */
  fetch: (id: string) => request<Job>(`${jobPath(id)}/fetch`, { method: "POST" }),
  remove: (id: string) => request<undefined>(jobPath(id), { method: "DELETE" }),
  attempts: (id: string) => request<{ data: Attempt[] }>(`${jobPath(id)}/attempts`),
  video: (id: string) => request<Video>(videoPath(id)),
  share: (id: string) => request<Share>(`${videoPath(id)}/shares`, { method: "POST", body: {} }),
  unshare: (id: string) => request<undefined>(`${videoPath(id)}/shares`, { method: "DELETE" }),
  shared: (token: string) => request<SharedVideo>(`/api/shares/${segment(token)}`, { expects401: true }),
};

export const images = {
  upload: (file: Blob, signal: AbortSignal) => {
    const form = new FormData();
    form.append("image", file);
    return request<Image>("/api/images", { method: "POST", body: form, signal });
  },
  image: (id: string) => request<Image>(imagePath(id)),
  remove: (id: string) => request<undefined>(imagePath(id), { method: "DELETE" }),
};

export const contentUrl = (videoId: string): string => `${videoPath(videoId)}/content`;
export const downloadUrl = (videoId: string): string => `${contentUrl(videoId)}?download=1`;
export const posterUrl = (videoId: string): string => `${videoPath(videoId)}/poster`;
export const imageUrl = (imageId: string): string => `${imagePath(imageId)}/content`;
export const sharedPosterUrl = (token: string): string => `/api/shares/${segment(token)}/poster`;
export const sharedContentUrl = (token: string): string => `/api/shares/${segment(token)}/content`;
