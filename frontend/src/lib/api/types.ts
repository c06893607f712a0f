// Names for the types generated from the gateway's OpenAPI document. Invariant: declares no field that the document declares.
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
/** The query parameters of a list. */
type ListQuery<Path extends "/api/videos/jobs" | "/api/admin/jobs" | "/api/admin/users" | "/api/admin/audit"> = NonNullable<
  paths[Path]["get"]["parameters"]["query"]
>;

export type Job = Schemas["Job"];
export type JobStatus = Schemas["Status"];
export type JobQuery = ListQuery<"/api/videos/jobs">;
export type Orientation = Schemas["Orientation"];
export type Attempt = Schemas["Attempt"];
export type Video = Schemas["Video"];
export type VideoRequest = Schemas["CreateVideoRequest"];
export type Image = Schemas["Image"];
export type Model = Schemas["Model"];
export type Models = Schemas["Models"];
export type Price = Schemas["Price"];
export type Share = Schemas["Share"];
export type SharedVideo = Schemas["SharedVideo"];

export type User = Schemas["User"];
export type Registration = Schemas["RegisterRequest"];
export type SignedIn = Schemas["SignedIn"];
export type Me = Schemas["Me"];
export type LoginSession = Schemas["Session"];
export type Scope = Schemas["Scope"];
export type ApiKey = Schemas["ApiKey"];
export type NewApiKey = Schemas["NewKey"];
export type Budget = Schemas["Budget"];
export type Costs = Schemas["Costs"];
export type Webhook = Schemas["Webhook"];
export type WebhookEvent = Schemas["EventType"];
export type WebhookDelivery = Schemas["WebhookDelivery"];
export type NewWebhook = Schemas["CreateWebhookRequest"];
export type WebhookChange = Schemas["UpdateWebhookRequest"];

export type AdminStats = Schemas["Statistics"];
export type QueueState = Schemas["Queue"];
export type QueueChange = Schemas["ChangeQueueRequest"];
export type AdminJob = Schemas["AdminJob"];
export type AdminJobDetails = Schemas["AdminJobDetails"];
export type AdminAttempt = Schemas["AdminAttempt"];
export type AttemptResult = Schemas["AttemptResult"];
export type NewResult = Schemas["AddResultRequest"];
export type UpstreamState = Schemas["UpstreamState"];
export type Pool = Schemas["Pool"];
export type PoolChange = Schemas["ChangePoolRequest"];
export type UpstreamChange = Schemas["ChangeUpstreamRequest"];
export type PoolUpstream = Schemas["Upstream"];
export type AdminJobQuery = ListQuery<"/api/admin/jobs">;
export type CostRow = Schemas["CostRow"];
export type AdminUser = Schemas["AdminUser"];
export type UserChange = Schemas["ChangeUserRequest"];
export type UserQuery = ListQuery<"/api/admin/users">;
export type AuditEntry = Schemas["AuditEntry"];
export type PageQuery = ListQuery<"/api/admin/audit">;

export type FieldProblem = Schemas["FieldError"];
/** Fields other than status and code are optional: a proxy may answer with less. */
export type Problem = Pick<Schemas["Problem"], "status"> & Partial<Omit<Schemas["Problem"], "status" | "code">> & { code: string };

export interface Page<Row> {
  data: Row[];
  nextCursor: string | null;
}
