// Real prompts are treated as data: the API and the page return each one unchanged, and none is parsed as upstream output.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { openPage, signUp } from "../browser.js";
import { eventually, root, start } from "../platform.js";

const prompts = readFileSync(`${root}/crates/testkit/data/prompts.jsonl`, "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line));

let platform, browser, call;
before(async () => {
  platform = await start({ simulator: ["--pace", "2", "--steps", "4"] });
  browser = await openPage();
  call = await program(platform.url, await signUp(browser.page, platform.url));
});
after(async () => {
  await browser?.close();
  await platform?.stop();
});

test("the API returns every prompt unchanged and completes its job", { timeout: 300_000 }, async () => {
  assert(prompts.length >= 60, "prompts are missing from the corpus");
  for (const one of prompts) {
    const { prompt, orientation } = one;
    const { job } = await call("POST", "/api/videos", { prompt, orientation });
    assert.equal(job.prompt, prompt);
    one.job = job.id;
  }
  for (const { prompt, job: id } of prompts) {
    const job = await eventually(`job ${id} ends`, async () => {
      platform.check();
      const now = await call("GET", `/api/videos/jobs/${id}`);
      return ["completed", "failed", "cancelled"].includes(now.status) && now;
    }, 120);
    assert.equal(job.status, "completed", `${prompt.slice(0, 80)}: ${job.errorCode} ${job.errorMessage}`);
    assert.equal(job.prompt, prompt);
  }
  const listed = new Map();
  for (let cursor = ""; cursor !== null; ) {
    const { data, nextCursor } = await call("GET", `/api/videos/jobs?limit=50${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    for (const { id, prompt } of data) listed.set(id, prompt);
    cursor = nextCursor;
  }
  assert.deepEqual(prompts.map(({ job }) => listed.get(job)), prompts.map(({ prompt }) => prompt));
});

test("the page shows every prompt unchanged", { timeout: 300_000 }, async () => {
  for (const { prompt, job } of prompts) {
    await browser.page.evaluate((path) => history.pushState(null, "", path), `/videos/${job}`);
    const screen = browser.page.locator(`[data-testid="video-detail"][data-job-id="${job}"]`);
    assert.equal(await screen.getByTestId("video-detail-prompt").textContent(), prompt);
  }
  browser.assertNoErrors();
});

/** An API client with a bearer token that waits as long as Retry-After says. */
async function program(url, credentials) {
  let token;
  const call = async (method, path, body) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    if (response.status === 429) {
      await pause(1000 * Number(response.headers.get("retry-after") ?? 1));
      return call(method, path, body);
    }
    const text = await response.text();
    assert(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  ({ token } = await call("POST", "/api/auth/login", credentials));
  return call;
}
