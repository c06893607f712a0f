// The page and its websocket through a real nginx with our template: no buffering, a stable websocket, and the gateway's
// security headers on the page.
import assert from "node:assert/strict";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openPage, signUp } from "../browser.js";
import { startNginx } from "../nginx.js";
import { eventually, freePort, root, start, stop } from "../platform.js";

let platform, url, folder;
const processes = [];
before(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  platform = await start({ simulator: ["--pace", "200", "--steps", "20"], gateway: { ALLOWED_ORIGINS: url } });
  folder = await mkdtemp(join(tmpdir(), "nginx-"));
  // The policy of the page names the origin, as the gateway's does by ALLOWED_ORIGINS.
  await startNginx(processes, folder, port, { GATEWAY: `127.0.0.1:${platform.port}`, PAGE: join(root, "frontend/dist"), API_URL: url });
});
after(async () => {
  await stop(processes, folder);
  await platform?.stop();
});

test("a prompt becomes a video, with live progress and without polling", async () => {
  const { page, frames, requests, assertNoErrors, close } = await openPage();
  try {
    await signUp(page, url);
    await page.locator('[data-testid="connection"][data-state="live"]').waitFor();
    requests.length = 0;
    await page.getByTestId("composer-prompt").fill("A lighthouse in the rain");
    await page.getByTestId("composer-submit").click();
    await page.locator('[data-job-id][data-status="completed"]').first().waitFor({ timeout: 60_000 });
    const jobFrames = frames.filter(({ type }) => type === "job");
    assert(new Set(jobFrames.map(({ progress }) => progress)).size >= 4, "too few progress updates");
    assert.deepEqual(requests.filter((one) => one.startsWith("GET /api/videos/jobs")), [], "the page polled");
    assertNoErrors();
  } finally {
    await close();
  }
});

test("the page has the gateway's security headers", async () => {
  const names = [
    "cache-control",
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
  ];
  const headers = async (base) => {
    const { headers } = await fetch(`${base}/sign-in`);
    return Object.fromEntries(names.map((name) => [name, headers.get(name)]));
  };
  assert.deepEqual(await headers(url), await headers(platform.url));
});

test("the log shows neither queries nor tokens of links", async () => {
  const tokens = ["/share/id_secret", "/api/shares/id_secret/content?download=1", "/api/files/id_secret", "/%73hare/id_secret", `/api/${"0".repeat(30)}_secret`, `/share.${"0".repeat(36)}secret/x`];
  for (const path of [...tokens, "/api/videos/jobs?q=secret"]) {
    await fetch(`${url}${path}`);
  }
  const log = () => readFile(join(folder, "access.log"), "utf8");
  await eventually("the requests are logged", async () => (await log()).includes('"GET /api/videos/jobs HTTP/1.1"'));
  assert((await log()).includes('"GET /api/shares/[token] HTTP/1.1"'), await log());
  assert(!(await log()).includes("secret"), await log());
});

test("the logs show no token while the gateway is down", async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), "nginx-down-"));
  const [port, closed] = [await freePort(), await freePort()];
  const processes = [];
  try {
    await startNginx(processes, elsewhere, port, { GATEWAY: `127.0.0.1:${closed}`, PAGE: join(root, "frontend/dist") });
    const { status } = await fetch(`http://127.0.0.1:${port}/api/shares/id_secret/content`);
    assert.equal(status, 502);
    const access = () => readFile(join(elsewhere, "access.log"), "utf8");
    await eventually("the request is logged", async () => (await access()).includes(`upstream 127.0.0.1:${closed} 502`));
    assert(!(await access()).includes("secret"), await access());
    assert.equal(await readFile(join(elsewhere, "error.log"), "utf8"), "");
  } finally {
    await stop(processes, elsewhere);
  }
});
