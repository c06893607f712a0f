// The shapes of the gateway's contract, typed in one place by hand until they are generated from its OpenAPI document.
// Invariant: nothing here is invented by the page; times are RFC 3339 strings, ids are opaque.

export type Orientation = "landscape" | "portrait";
export type JobStatus = "pending" | "processing" | "completed" | "failed" | "cancelled";
export type JobPhase = "retrying" | "submitting" | "queued" | "generating" | "downloading";

export type JobErrorCode =
  | "refused"
  | "invalid"
  | "upstream_gone"
  | "unauthorised"
  | "busy"
  | "transient"
  | "interrupted"
  | "unknown"
  | "stalled"
  | "timed_out"
  | "lost"
  | "upstream_changed"
  | "unfetchable"
  | "poison"
  | "restored"
  | "internal";

export interface Job {
  id: string;
  status: JobStatus;
  phase: JobPhase | null;
  progress: number;
  /** One up with each change; the higher one is the truth. */
  seq: number;
  prompt: string;
  orientation: Orientation;
  seconds: number;
  model: string;
  videoId: string | null;
  /** 1-based while the job waits for its turn. */
  queuePosition: number | null;
  /** From the last completed jobs of its kind; null while nothing is known. */
  etaSeconds: { p50: number; p90: number } | null;
  retries: number;
  /** Its owner has cancelled it, and its worker has still to let go. */
  cancelling: boolean;
  nextAttemptAt: string | null;
  errorCode: JobErrorCode | null;
  errorMessage: string | null;
  mayHaveBeenCharged: boolean;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface JobPage {
  data: Job[];
  nextCursor: string | null;
}

export interface User {
  id: string;
  email: string;
  name: string | null;
  role: "user" | "admin";
  createdAt: string;
}

export interface Session {
  user: User;
  expiresAt: string;
}

export interface Video {
  id: string;
  jobId: string;
  /** In bytes. */
  size: number;
  contentType: string;
  createdAt: string;
}

export interface VideoRequest {
  prompt: string;
  orientation?: Orientation;
  seconds?: number;
  model?: string;
}

export interface Model {
  id: string;
  orientations: Orientation[];
  seconds: number[];
  default: boolean;
}

export interface Models {
  models: Model[];
  defaults: { model: string; orientation: Orientation; seconds: number };
}

export interface FieldProblem {
  field: string;
  code: string;
  message: string;
}

/** RFC 9457 problem details as the gateway sends them. */
export interface Problem {
  title?: string;
  status: number;
  detail?: string;
  code: string;
  requestId?: string;
  errors?: FieldProblem[];
}
