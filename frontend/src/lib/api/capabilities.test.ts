// Tests which capabilities an API document yields.
import { expect, it } from "vitest";
import { parseCapabilities } from "./capabilities";

const schema = { properties: { prompt: {}, count: {}, remixOf: {} } };
const submission = { requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/NewVideo" } } } } };

it("recognizes a call by method and path, regardless of parameter names", () => {
  const paths = { "/api/videos/jobs/{job}/attempts": { get: {} }, "/api/keys": { get: {}, post: {} }, "/api/auth/me": { get: {} } };
  expect(parseCapabilities({ paths })).toMatchObject({ attempts: true, keys: true, deleteAccount: false, shares: false });
});

it("reads request fields by reference and inline", () => {
  const byReference = { paths: { "/api/videos": { post: submission } }, components: { schemas: { NewVideo: schema } } };
  expect(parseCapabilities(byReference)).toMatchObject({ count: true, remix: true, images: false });
  const inline = { paths: { "/api/videos": { post: { requestBody: { content: { "application/json": { schema } } } } } } };
  expect(parseCapabilities(inline)).toMatchObject({ count: true });
});

it.each([null, "no", {}, { paths: null }, { paths: { "/api/keys": null } }])("finds no capabilities in %j", (document) => {
  expect(Object.values(parseCapabilities(document)).some(Boolean)).toBe(false);
});
