// Administration: its shapes and its calls. Invariant: asked for by administrators only; paths are spelled here and nowhere else.
import { request } from "./client";
import type { Job, User } from "./types";

const segment = encodeURIComponent;

export interface Worker {
  id: string;
  host: string;
  startedAt: string;
  /** Jobs in hand. */
  inFlight: number;
  leaseUntil: string;
}

export interface AdminStats {
  waiting: number;
  oldestWaiting: string | null;
  inFlight: number;
  /** Ended jobs by status, of the last 24 hours. */
  completed: number;
  failed: number;
  cancelled: number;
  poisoned: number;
  submissionsToday: number;
  users: number;
  workers: Worker[];
}

export interface QueueState {
  paused: boolean;
  /** Jobs in flight at most; null without a limit. */
  concurrency: number | null;
}

/** A job with what only administrators see. */
export interface AdminJob extends Job {
  userEmail: string;
}

export interface AdminUser extends User {
  disabled: boolean;
  jobs: number;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: string;
  action: string;
  target: string | null;
}

export interface Page<Row> {
  data: Row[];
  nextCursor: string | null;
}

/** Leaves out what is empty. */
export function query(fields: Record<string, string | undefined>): string {
  const pairs = Object.entries(fields).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return pairs.length === 0 ? "" : `?${pairs.map(([name, value]) => `${name}=${segment(value)}`).join("&")}`;
}

export const admin = {
  stats: () => request<AdminStats>("/api/admin/stats"),
  queue: () => request<QueueState>("/api/admin/queue"),
  setQueue: (state: Partial<QueueState>) => request<QueueState>("/api/admin/queue", { method: "PATCH", body: state }),
  jobs: (filter: { status?: string; errorCode?: string; q?: string; cursor?: string }) => request<Page<AdminJob>>(`/api/admin/jobs${query(filter)}`),
  retryJob: (id: string) => request<AdminJob>(`/api/admin/jobs/${segment(id)}/retry`, { method: "POST" }),
  users: (filter: { q?: string; cursor?: string }) => request<Page<AdminUser>>(`/api/admin/users${query(filter)}`),
  setUser: (id: string, change: { role?: User["role"]; disabled?: boolean }) =>
    request<AdminUser>(`/api/admin/users/${segment(id)}`, { method: "PATCH", body: change }),
  audit: (filter: { cursor?: string }) => request<Page<AuditEntry>>(`/api/admin/audit${query(filter)}`),
};
