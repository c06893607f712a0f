// The page at /docs lists every operation, is readable in light and dark mode, and shows no raw Markdown.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { openPage } from "../browser.js";
import { root } from "../platform.js";

const read = (path) => readFileSync(`${root}/${path}`, "utf8");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [, policy] = /const POLICY[^"]*"([^"]*)"/.exec(read("gateway/src/openapi/page.rs"));
const files = {
  "/docs": ["text/html; charset=utf-8", read("gateway/assets/docs.html")],
  "/docs/docs.css": ["text/css", read("gateway/assets/docs.css")],
  "/docs/docs.js": ["text/javascript", read("gateway/assets/docs.js")],
  "/api/openapi.json": ["application/json", read("docs/openapi.json")],
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

for (const colorScheme of ["light", "dark"]) {
  test(`lists every operation in ${colorScheme} mode`, async () => {
    const { page, assertNoErrors, close } = await openPage({ colorScheme });
    try {
      await page.goto(`http://localhost:${server.address().port}/docs`);
      const calls = Object.values(JSON.parse(files["/api/openapi.json"][1]).paths).flatMap(Object.keys);
      await page.waitForFunction((count) => document.querySelectorAll("main section > details").length === count, calls.length);
      const text = await page.locator("body").innerText();
      assert.doesNotMatch(text, /`/, "raw backticks");
      const [gap, background] = await page.evaluate(() => {
        const remove = [...document.querySelectorAll("summary .method")].find(({ textContent }) => textContent === "DELETE");
        const room = remove.nextElementSibling.getBoundingClientRect().left - remove.getBoundingClientRect().right;
        return [room, getComputedStyle(document.documentElement).backgroundColor];
      });
      assert(gap >= 4, `${gap} px after DELETE`);
      assert.equal(background, colorScheme === "dark" ? "rgb(11, 11, 12)" : "rgb(250, 249, 246)");
      const call = page.locator("main section > details").first();
      await call.locator("summary").first().click();
      await call.getByRole("button", { name: "Send" }).click();
      await call.getByText("200").first().waitFor();
      // Bypasses the page's content security policy, as a reader's browser extension would.
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`), []);
      assertNoErrors();
    } finally {
      await close();
    }
  });
}
