// What this server can do, read from its own description. Invariant: a control whose call the server does not know is not shown;
// without a description only what every server can do is.
import { create } from "zustand";
import { request } from "./client";

export interface Abilities {
  admin: boolean;
  attempts: boolean;
  /** Several videos with one request. */
  count: boolean;
  deleteAccount: boolean;
  exportAccount: boolean;
  /** The same request under the same key makes nothing twice. */
  idempotency: boolean;
  images: boolean;
  keys: boolean;
  password: boolean;
  remix: boolean;
  rename: boolean;
  sessions: boolean;
  shares: boolean;
}

const none: Abilities = {
  admin: false,
  attempts: false,
  count: false,
  deleteAccount: false,
  exportAccount: false,
  idempotency: false,
  images: false,
  keys: false,
  password: false,
  remix: false,
  rename: false,
  sessions: false,
  shares: false,
};

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;

/** Follows member names down; `undefined` where one is missing. */
const at = (value: unknown, ...names: string[]): unknown =>
  names.reduce((found: unknown, name) => (isFields(found) ? found[name] : undefined), value);

export function readAbilities(document: unknown): Abilities {
  const paths = at(document, "paths");
  const calls = new Set<string>();
  for (const [path, methods] of Object.entries(isFields(paths) ? paths : {})) {
    // The names of the parameters say nothing.
    const plain = path.replace(/\{[^}]*\}/g, "{}");
    for (const method of Object.keys(isFields(methods) ? methods : {})) calls.add(`${method} ${plain}`);
  }
  const fields = submittable(document);
  return {
    admin: calls.has("get /api/admin/stats"),
    attempts: calls.has("get /api/videos/jobs/{}/attempts"),
    count: fields.has("count"),
    deleteAccount: calls.has("delete /api/auth/me"),
    exportAccount: calls.has("get /api/auth/export"),
    idempotency: honoursKeys(document),
    images: calls.has("post /api/images") && fields.has("referenceImageId"),
    keys: calls.has("post /api/keys"),
    password: calls.has("post /api/auth/password"),
    remix: fields.has("remixOf"),
    rename: calls.has("patch /api/auth/me"),
    sessions: calls.has("get /api/auth/sessions"),
    shares: calls.has("post /api/videos/{}/shares"),
  };
}

function honoursKeys(document: unknown): boolean {
  const parameters = at(document, "paths", "/api/videos", "post", "parameters");
  return Array.isArray(parameters) && parameters.some((one) => String(at(one, "name")).toLowerCase() === "idempotency-key");
}

/** The fields that a request for a video may carry. */
function submittable(document: unknown): Set<string> {
  let schema = at(document, "paths", "/api/videos", "post", "requestBody", "content", "application/json", "schema");
  const reference = at(schema, "$ref");
  if (typeof reference === "string") schema = at(document, ...reference.replace("#/", "").split("/"));
  const properties = at(schema, "properties");
  return new Set(isFields(properties) ? Object.keys(properties) : []);
}

export const useAbilities = create<Abilities>()(() => none);

/** Asked once for each sign-in; an older server has no description. */
export async function loadAbilities(): Promise<void> {
  try {
    useAbilities.setState(readAbilities(await request<unknown>("/api/openapi.json", { expects401: true })));
  } catch {
    useAbilities.setState(none);
  }
}
