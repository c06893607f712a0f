// The page at /docs lists every operation, shows the websocket's protocol, sends requests, is readable in light and dark mode,
// and loads nothing from elsewhere.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname } from "node:path";
import { after, before, test } from "node:test";
import { openPage } from "../browser.js";
import { root } from "../platform.js";

const read = (path) => readFileSync(`${root}/${path}`, "utf8");

/** Scalar's bundle, from the crate that the gateway includes it from. */
function bundle() {
  const metadata = execFileSync("cargo", ["metadata", "--format-version", "1", "--locked"], { cwd: root, maxBuffer: 2 ** 28 });
  const crate = JSON.parse(metadata).packages.find(({ name }) => name === "scalar_api_reference");
  return readFileSync(`${dirname(crate.manifest_path)}/ui/scalar.js`);
}

const [, policy] = /const POLICY[^"]*"([^"]*)"/.exec(read("gateway/src/openapi/page.rs"));
const document_ = read("docs/openapi.json");
const files = {
  "/docs": ["text/html; charset=utf-8", read("gateway/assets/docs.html")],
  "/docs/docs.js": ["text/javascript", read("gateway/assets/docs.js")],
  "/docs/scalar.js": ["text/javascript", bundle()],
  "/docs/live.md": ["text/plain; charset=utf-8", read("docs/live.md")],
  "/docs/webhooks.md": ["text/plain; charset=utf-8", read("docs/webhooks.md")],
  "/api/openapi.json": ["application/json", document_],
};

let server;
before(async () => {
  server = createServer(({ url }, response) => {
    const [type, body] = files[url] ?? ["application/json", '{"data":[]}'];
    response.writeHead(200, { "content-type": type, "content-security-policy": policy.replace(/\\\s+/g, "") }).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => server?.close());

for (const [colorScheme, background] of [["light", "rgb(255, 255, 255)"], ["dark", "rgb(15, 15, 15)"]]) {
  test(`shows the API in ${colorScheme} mode`, { timeout: 120_000 }, async () => {
    const { page, requests, assertNoErrors, close } = await openPage({ colorScheme, viewport: { width: 1440, height: 900 } });
    const foreign = [];
    page.on("request", (request) => {
      if (!["localhost", ""].includes(new URL(request.url()).hostname)) foreign.push(request.url());
    });
    try {
      await page.goto(`http://localhost:${server.address().port}/docs`);
      await page.getByRole("heading", { name: "Sora Video Generation Platform" }).waitFor();
      assert.match(await page.title(), /Sora Video Generation Platform/);
      assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector(".scalar-app")).backgroundColor), background);

      const sidebar = page.locator("aside").first();
      for (const { name } of JSON.parse(document_).tags) {
        const closed = sidebar.getByRole("button", { name: `Open Group - ${name}` });
        if (await closed.count()) await closed.first().click();
      }
      const listed = await sidebar.innerText();
      for (const methods of Object.values(JSON.parse(document_).paths)) {
        for (const { summary } of Object.values(methods)) assert(listed.includes(summary), `${summary} is missing`);
      }

      await sidebar.getByRole("link", { name: "Open the websocket" }).click();
      await page.getByText("A client opens one websocket").first().waitFor();
      assert.deepEqual(foreign, []);
      assertNoErrors();
      assert(requests.includes("GET /docs/scalar.js"));
    } finally {
      await close();
    }
  });
}
