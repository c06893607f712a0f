// Real prompts are data everywhere: each comes back unchanged from the API and the page, and none is read as what an upstream says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { open, signUp } from "../browser.js";
import { eventually, root, start } from "../platform.js";

const prompts = readFileSync(`${root}/crates/testkit/data/prompts.jsonl`, "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line));

let platform, browser, call;
before(async () => {
  platform = await start({ simulator: ["--pace", "2", "--steps", "4"] });
  browser = await open();
  call = await program(platform.url, await signUp(browser.page, platform.url));
});
after(async () => {
  await browser?.close();
  await platform?.stop();
});

test("every prompt comes back unchanged from the API, and its video is made", { timeout: 300_000 }, async () => {
  assert(prompts.length >= 60, "the prompts are missing");
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

test("every prompt is shown unchanged by the page", { timeout: 300_000 }, async () => {
  for (const { prompt, job } of prompts) {
    await browser.page.evaluate((path) => history.pushState(null, "", path), `/videos/${job}`);
    const screen = browser.page.locator(`[data-testid="video-detail"][data-job-id="${job}"]`);
    assert.equal(await screen.getByTestId("video-detail-prompt").textContent(), prompt);
  }
  browser.assertQuiet();
});

/** A program's way in: a bearer token; waits as long as the gateway says when it asks for too much. */
async function program(url, credentials) {
  let token;
  const call = async (method, path, body) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    if (answer.status === 429) {
      await pause(1000 * Number(answer.headers.get("retry-after") ?? 1));
      return call(method, path, body);
    }
    const text = await answer.text();
    assert(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  ({ token } = await call("POST", "/api/auth/login", credentials));
  return call;
}
