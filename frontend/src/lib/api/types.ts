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
  /** In pixels, like "1280x720". */
  size?: string;
  videoId: string | null;
  /** 1-based while the job waits for its turn. */
  queuePosition: number | null;
  /** From the last completed jobs of its kind; absent or null while nothing is known. */
  etaSeconds?: { p50: number; p90: number } | null;
  retries: number;
  /** Requests repeated although the one before may have been charged. */
  resubmits?: number;
  /** Workers that died with it. */
  crashes?: number;
  /** The job whose prompt this one began with. */
  remixOf?: string | null;
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
  size?: string;
  model?: string;
  count?: number;
  referenceImageId?: string;
  remixOf?: string;
}

export interface Model {
  id: string;
  orientations: Orientation[];
  seconds: number[];
  /** In pixels, like "1280x720". */
  sizes?: string[];
  default: boolean;
}

export interface Models {
  models: Model[];
  defaults: { model: string; orientation: Orientation; seconds: number; size?: string };
}

/** One request sent upstream. */
export interface Attempt {
  number: number;
  sentAt: string | null;
  acceptedAt: string | null;
  finishedAt: string | null;
  /** An outcome's name; null while it runs. */
  outcome: string | null;
  mayHaveBeenCharged: boolean;
}

export interface Image {
  id: string;
  width: number;
  height: number;
  /** In bytes. */
  size: number;
}

export interface Share {
  id: string;
  token: string;
  url: string;
  expiresAt: string;
}

/** What a share link shows of a video: nothing of its owner, and no prompt. */
export interface SharedVideo {
  orientation: Orientation;
  seconds: number;
  expiresAt: string;
}

export type Scope = "read" | "create";

export interface ApiKey {
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: string;
  lastUsedAt: string | null;
}

/** A key with its secret, which is told once. */
export interface NewApiKey extends ApiKey {
  key: string;
}

export interface LoginSession {
  id: string;
  createdAt: string;
  lastSeenAt?: string | null;
  userAgent: string | null;
  current: boolean;
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
