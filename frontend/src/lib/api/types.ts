// The shapes of the gateway's contract by the names the page uses, out of the types generated from its OpenAPI document.
// Invariant: nothing is spelled here that the document spells; `Coming` holds what only newer servers send, and is optional.
import type { components } from "./schema";

type Schemas = components["schemas"];

/** What only newer servers know of a job. */
interface Coming {
  /** From its start to its end, as the last jobs of its kind took. */
  etaSeconds?: { p50: number; p90: number } | null;
  /** The picture it starts from. */
  referenceImageId?: string | null;
}

export type Job = Schemas["Job"] & Coming;
export type JobStatus = Schemas["Status"];
export type Orientation = Schemas["Orientation"];
export type Attempt = Schemas["Attempt"];
export type Video = Schemas["Video"];
export type VideoRequest = Schemas["VideoRequest"] & { referenceImageId?: string | null };
export type Model = Schemas["Model"];
export type Models = Schemas["Models"];
export type Share = Schemas["Share"];
export type SharedVideo = Schemas["SharedVideo"];

export type User = Schemas["User"];
export type SignedIn = Schemas["SignedIn"] & { storage?: Storage | null };
export type LoginSession = Schemas["Session"];
export type Scope = Schemas["Scope"];
export type ApiKey = Schemas["ApiKey"];
export type NewApiKey = Schemas["NewKey"];

export type AdminStats = Schemas["Statistics"];
export type QueueState = Schemas["Queue"];
export type AdminJob = Schemas["AdminJob"] & Coming;
export type AdminUser = Schemas["AdminUser"];
export type AuditEntry = Schemas["AuditEntry"];

export type FieldProblem = Schemas["FieldError"];
/** As far as a page can count on it: a proxy in between may answer with less. */
export type Problem = Pick<Schemas["Problem"], "status"> & Partial<Omit<Schemas["Problem"], "status" | "code">> & { code: string };

/** In bytes. */
export interface Storage {
  used: number;
  /** 0 or null without a limit. */
  quota: number | null;
}

/** An uploaded picture to start from. */
export interface Image {
  id: string;
  width: number;
  height: number;
}

export interface Page<Row> {
  data: Row[];
  nextCursor: string | null;
}
