// Names of a job's states for administrators.
import type { JobStatus } from "@/lib/api/types";

export const statusKeys = {
  pending: "admin.status.pending",
  processing: "admin.status.processing",
  completed: "jobStatus.completed",
  failed: "jobStatus.failed",
  cancelled: "jobStatus.cancelled",
} as const satisfies Record<JobStatus, string>;
