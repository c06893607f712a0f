// Connection failures in a real browser: a cut connection, a gateway restart, a frozen tab, signing out in another tab. The
// page always reaches the current state without a reload, and `seq` never decreases.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, signUp } from "../browser.js";
import { startProxy } from "../cuttable-proxy.js";
import { eventually, freePort, start } from "../platform.js";

let platform, proxy, browser, url;
before(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  proxy = await startProxy(port);
  platform = await start({ simulator: ["--pace", "300", "--steps", "20"], gateway: { ALLOWED_ORIGINS: url } });
  proxy.connectTo(platform.port);
  browser = await openPage();
  await signUp(browser.page, url);
  await browser.page.evaluate(() => (window.sameDocument = true));
});
after(async () => {
  await browser?.close();
  proxy?.close();
  await platform?.stop();
});

const connection = (state) => browser.page.locator(`[data-testid="connection"][data-state="${state}"]`).waitFor();
const job = (id, rest) => browser.page.locator(`[data-job-id="${id}"]${rest}`).first().waitFor({ timeout: 60_000 });

async function submit(prompt) {
  const { page } = browser;
  await page.getByTestId("composer-prompt").fill(prompt);
  const response = page.waitForResponse((one) => one.url().endsWith("/api/videos") && one.request().method() === "POST");
  await page.getByTestId("composer-submit").click();
  const { job } = await (await response).json();
  return job.id;
}

async function assertTrue(id) {
  const { page, frames } = browser;
  await job(id, '[data-status="completed"]');
  const seqs = frames.filter((frame) => frame.type === "job" && frame.id === id).map(({ seq }) => seq);
  assert.deepEqual(seqs, seqs.toSorted((a, b) => a - b), "seq decreased");
  assert.equal(await page.evaluate(() => window.sameDocument), true, "the page was reloaded");
  platform.check();
}

test("reconnects after the connection was cut", async () => {
  await connection("live");
  const id = await submit("A paper boat in a gutter, followed closely");
  await job(id, '[data-status="processing"]');
  proxy.cut();
  await connection("unreachable");
  proxy.restore();
  await connection("live");
  await assertTrue(id);
});

test("polls with the last ETag when websockets are blocked", async () => {
  const page = await browser.context.newPage();
  await page.routeWebSocket("**/api/ws", (socket) => socket.close({ code: 1011 }));
  const statuses = [];
  page.on("response", (response) => {
    if (new URL(response.url()).pathname === "/api/videos/jobs") statuses.push(response.status());
  });
  const id = await submit("Fog over a harbour, the camera rising");
  await page.goto(url);
  await page.locator('[data-testid="connection"][data-state="polling"]').waitFor();
  await page.locator(`[data-job-id="${id}"][data-status="completed"]`).waitFor({ timeout: 60_000 });
  const polled = statuses.slice(1);
  assert(polled.length > 1 && polled.every((status) => status === 200 || status === 304), `polled with ${polled}`);
  // Without running jobs it stops polling and does not claim to be reconnecting.
  await page.locator('[data-testid="connection"][data-state="polling"]').waitFor();
  await page.close();
  await assertTrue(id);
});

test("misses nothing when the gateway restarts, and reconnects in the window it was given", async () => {
  const { frames } = browser;
  const id = await submit("A kettle begins to sing, morning light");
  await job(id, '[data-status="processing"]');
  frames.length = 0;
  await platform.restartGateway();
  await connection("live");
  const bye = frames.find(({ type }) => type === "bye");
  assert(bye.retryMs[0] >= 500 && bye.retryMs[1] > bye.retryMs[0], "there was no bye frame");
  assert(frames.some(({ type }) => type === "welcome"), "the page did not reconnect");
  await assertTrue(id);
});

test("a frozen tab catches up when it resumes", async () => {
  const { page, context } = browser;
  const id = await submit("Snow on a tram stop at night");
  await job(id, '[data-status="processing"]');
  const devtools = await context.newCDPSession(page);
  await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  await eventually("the job ends", async () => {
    const response = await context.request.get(`${url}/api/videos/jobs/${id}`);
    return (await response.json()).status === "completed";
  });
  await devtools.send("Page.setWebLifecycleState", { state: "active" });
  await connection("live");
  await assertTrue(id);
});

test("signing out in another tab closes this tab's websocket", async () => {
  const { page, context } = browser;
  await connection("live");
  const other = await context.newPage();
  await other.goto(url);
  const status = await other.evaluate(() => fetch("/api/auth/logout", { method: "POST" }).then((response) => response.status));
  assert.equal(status, 204);
  await page.locator('input[name="password"]').waitFor();
  await other.close();
});
