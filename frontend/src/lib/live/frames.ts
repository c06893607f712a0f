// Parses websocket frames. Invariant: an invalid frame is ignored, never applied in part.
import type { Job } from "@/lib/api/types";

export type Frame =
  | { type: "welcome"; heartbeat: number; expiresAt: string }
  | { type: "snapshot"; jobs: Job[]; last: boolean }
  | { type: "job"; job: Job }
  | { type: "position"; id: string; queuePosition: number | null }
  | { type: "gone"; id: string; seq: number }
  | { type: "heartbeat" }
  | { type: "bye"; retryMs: [number, number] | null }
  | { type: "error"; code: string };

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

const isJob = (value: unknown): value is Job =>
  isFields(value) &&
  typeof value.id === "string" &&
  typeof value.seq === "number" &&
  typeof value.status === "string" &&
  typeof value.prompt === "string" &&
  typeof value.createdAt === "string";

export function parseFrame(data: unknown): Frame | null {
  if (typeof data !== "string") return null;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  return isFields(value) ? read(value) : null;
}

function read(value: Fields): Frame | null {
  switch (value.type) {
    case "welcome":
      return { type: "welcome", heartbeat: Number(value.heartbeat) || 25, expiresAt: text(value.expiresAt) };
    case "snapshot":
      if (!Array.isArray(value.jobs)) return null;
      return { type: "snapshot", jobs: value.jobs.filter(isJob), last: value.last === true };
    case "job":
      return isJob(value) ? { type: "job", job: withoutType(value) } : null;
    case "position": {
      if (typeof value.id !== "string") return null;
      const { queuePosition } = value;
      return { type: "position", id: value.id, queuePosition: typeof queuePosition === "number" ? queuePosition : null };
    }
    case "gone":
      return typeof value.id === "string" ? { type: "gone", id: value.id, seq: Number(value.seq) || 0 } : null;
    case "heartbeat":
      return { type: "heartbeat" };
    case "bye":
      return { type: "bye", retryMs: window(value.retryMs) };
    case "error":
      return { type: "error", code: text(value.code) };
    default:
      return null;
  }
}

function withoutType(frame: Job & { type?: unknown }): Job {
  const job = { ...frame };
  delete job.type;
  return job;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function window(value: unknown): [number, number] | null {
  if (!Array.isArray(value)) return null;
  const [from, to] = value as unknown[];
  return typeof from === "number" && typeof to === "number" && from >= 0 && to >= from ? [from, to] : null;
}
