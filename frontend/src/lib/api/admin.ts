// The administration calls. Paths appear here and in endpoints.ts only.
import { request } from "./client";
import type { AdminJob, AdminStats, AdminUser, AuditEntry, Page, QueueState, User } from "./types";

const segment = encodeURIComponent;

/** Builds a query string, without empty values. */
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
