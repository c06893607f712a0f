// What the server supports, read from its OpenAPI document. Invariant: a control is shown only when the server supports its call; without
// a document only the basic ones are.
import { create } from "zustand";
import { authApi, send } from "./client";

export interface Capabilities {
  admin: boolean;
  attempts: boolean;
  /** Several videos per request. */
  count: boolean;
  deleteAccount: boolean;
  exportAccount: boolean;
  /** Requests with the same Idempotency-Key create nothing twice. */
  idempotency: boolean;
  images: boolean;
  keys: boolean;
  password: boolean;
  remix: boolean;
  rename: boolean;
  sessions: boolean;
  shares: boolean;
}

const none: Capabilities = {
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

/** Follows property names into nested objects; undefined if one is missing. */
const getPath = (value: unknown, ...names: string[]): unknown =>
  names.reduce((object: unknown, name) => (isFields(object) ? object[name] : undefined), value);

export function parseCapabilities(document: unknown): Capabilities {
  const paths = getPath(document, "paths");
  const operations = new Set<string>();
  for (const [path, methods] of Object.entries(isFields(paths) ? paths : {})) {
    // Parameter names do not matter.
    const normalizedPath = path.replace(/\{[^}]*\}/g, "{}");
    for (const method of Object.keys(isFields(methods) ? methods : {})) operations.add(`${method} ${normalizedPath}`);
  }
  const requestFields = videoRequestFields(document);
  return {
    admin: operations.has("get /api/admin/stats"),
    attempts: operations.has("get /api/videos/jobs/{}/attempts"),
    count: requestFields.has("count"),
    deleteAccount: operations.has("delete /api/auth/me"),
    exportAccount: operations.has("get /api/auth/export"),
    idempotency: acceptsIdempotencyKey(document),
    images: operations.has("post /api/images") && requestFields.has("referenceImageId"),
    keys: operations.has("post /api/keys"),
    password: operations.has("post /api/auth/password"),
    remix: requestFields.has("remixOf"),
    rename: operations.has("patch /api/auth/me"),
    sessions: operations.has("get /api/auth/sessions"),
    shares: operations.has("post /api/videos/{}/shares"),
  };
}

function acceptsIdempotencyKey(document: unknown): boolean {
  const parameters = getPath(document, "paths", "/api/videos", "post", "parameters");
  return Array.isArray(parameters) && parameters.some((one) => String(getPath(one, "name")).toLowerCase() === "idempotency-key");
}

/** Returns the fields that a request for a video may carry. */
function videoRequestFields(document: unknown): Set<string> {
  let schema = getPath(document, "paths", "/api/videos", "post", "requestBody", "content", "application/json", "schema");
  const reference = getPath(schema, "$ref");
  if (typeof reference === "string") schema = getPath(document, ...reference.replace("#/", "").split("/"));
  const properties = getPath(schema, "properties");
  return new Set(isFields(properties) ? Object.keys(properties) : []);
}

export const useCapabilities = create<Capabilities>()(() => none);

/** Loads once per sign-in; an older server has no document. */
export async function loadCapabilities(): Promise<void> {
  try {
    useCapabilities.setState(parseCapabilities(await send(authApi.GET("/api/openapi.json"))));
  } catch {
    useCapabilities.setState(none);
  }
}
