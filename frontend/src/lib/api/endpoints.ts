// Every call the page makes, by name. Invariant: paths are spelled here and nowhere else.
import { poll, request } from "./client";
import type { Job, JobPage, Models, Session, Video, VideoRequest } from "./types";

const segment = encodeURIComponent;
const jobPath = (id: string): string => `/api/videos/jobs/${segment(id)}`;

export const auth = {
  me: () => request<Session>("/api/auth/me", { expects401: true }),
  login: (email: string, password: string) =>
    request<Session>("/api/auth/login", { method: "POST", body: { email, password }, expects401: true }),
  register: (email: string, password: string, name?: string) =>
    request<Session>("/api/auth/register", {
      method: "POST",
      body: name ? { email, password, name } : { email, password },
      expects401: true,
    }),
  logout: () => request<undefined>("/api/auth/logout", { method: "POST", expects401: true }),
};

export const videos = {
  models: () => request<Models>("/api/models"),
  submit: (body: VideoRequest) => request<{ job: Job; jobs: Job[] }>("/api/videos", { method: "POST", body }),
  job: (id: string) => request<Job>(jobPath(id)),
  jobs: (limit: number, cursor?: string) =>
    request<JobPage>(`/api/videos/jobs?limit=${limit}${cursor ? `&cursor=${segment(cursor)}` : ""}`),
  pollJobs: (limit: number, tag: string | null) => poll<JobPage>(`/api/videos/jobs?limit=${limit}`, tag),
  cancel: (id: string) => request<Job>(`${jobPath(id)}/cancel`, { method: "POST" }),
  retry: (id: string) => request<Job>(`${jobPath(id)}/retry`, { method: "POST" }),
  /** Downloads a finished video again that could not be fetched; asks the upstream for nothing new. */
  fetch: (id: string) => request<Job>(`${jobPath(id)}/fetch`, { method: "POST" }),
  remove: (id: string) => request<undefined>(jobPath(id), { method: "DELETE" }),
  video: (id: string) => request<Video>(`/api/videos/${segment(id)}`),
};

export const contentUrl = (videoId: string): string => `/api/videos/${segment(videoId)}/content`;
export const downloadUrl = (videoId: string): string => `${contentUrl(videoId)}?download=1`;
