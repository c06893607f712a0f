// @vitest-environment node
// Tests that the generated types match the API document.
import { readFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, it } from "vitest";

it("schema.d.ts is up to date (otherwise: npm run generate)", async () => {
  const generated = astToString(await openapiTS(new URL("../../../../docs/openapi.json", import.meta.url)));
  const committed = readFileSync(new URL("./schema.d.ts", import.meta.url), "utf8");
  expect(committed).toBe(`${COMMENT_HEADER}${generated}`);
});
