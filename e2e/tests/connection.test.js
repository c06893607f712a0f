// What happens to a connection, in a real browser: it is cut, the gateway is restarted, the tab is frozen, somebody signs out
// in another tab. Each time the page ends in the true state without a reload, and `seq` never goes back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open, signUp } from "../browser.js";
import { startLine } from "../line.js";
import { eventually, freePort, start } from "../platform.js";

let platform, line, browser, url;
before(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  line = await startLine(port);
  platform = await start({ simulator: ["--pace", "300", "--steps", "20"], gateway: { ALLOWED_ORIGINS: url } });
  line.to(platform.port);
  browser = await open();
  await signUp(browser.page, url);
  await browser.page.evaluate(() => (window.sameDocument = true));
});
after(async () => {
  await browser?.close();
  line?.close();
  await platform?.stop();
});

const connection = (state) => browser.page.locator(`[data-testid="connection"][data-state="${state}"]`).waitFor();
const job = (id, rest) => browser.page.locator(`[data-job-id="${id}"]${rest}`).first().waitFor({ timeout: 60_000 });

async function submit(prompt) {
  const { page } = browser;
  await page.getByTestId("composer-prompt").fill(prompt);
  const answer = page.waitForResponse((one) => one.url().endsWith("/api/videos") && one.request().method() === "POST");
  await page.getByTestId("composer-submit").click();
  const { job } = await (await answer).json();
  return job.id;
}

async function assertTrue(id) {
  const { page, frames } = browser;
  await job(id, '[data-status="completed"]');
  const told = frames.filter((frame) => frame.type === "job" && frame.id === id).map(({ seq }) => seq);
  assert.deepEqual(told, told.toSorted((a, b) => a - b), "seq went back");
  assert.equal(await page.evaluate(() => window.sameDocument), true, "the page was reloaded");
  platform.check();
}

test("a cut connection is noticed, and comes back by itself", async () => {
  await connection("live");
  const id = await submit("A paper boat in a gutter, followed closely");
  await job(id, '[data-status="processing"]');
  line.cut();
  await connection("unreachable");
  line.mend();
  await connection("live");
  await assertTrue(id);
});

test("without websockets the page polls, by the tag of the last answer", async () => {
  const page = await browser.context.newPage();
  await page.routeWebSocket("**/api/ws", (socket) => socket.close({ code: 1011 }));
  const statuses = [];
  page.on("response", (answer) => {
    if (new URL(answer.url()).pathname === "/api/videos/jobs") statuses.push(answer.status());
  });
  const id = await submit("Fog over a harbour, the camera rising");
  await page.goto(url);
  await page.locator('[data-testid="connection"][data-state="polling"]').waitFor();
  await page.locator(`[data-job-id="${id}"][data-status="completed"]`).waitFor({ timeout: 60_000 });
  const polled = statuses.slice(1);
  assert(polled.length > 1 && polled.every((status) => status === 200 || status === 304), `polled with ${polled}`);
  // With nothing under way it asks no more, and does not claim to be catching up.
  await page.locator('[data-testid="connection"][data-state="polling"]').waitFor();
  await page.close();
  await assertTrue(id);
});

test("a restarted gateway says when to come back, and nothing is missed", async () => {
  const { frames } = browser;
  const id = await submit("A kettle begins to sing, morning light");
  await job(id, '[data-status="processing"]');
  frames.length = 0;
  await platform.restartGateway();
  await connection("live");
  const bye = frames.find(({ type }) => type === "bye");
  assert(bye.retryMs[0] >= 500 && bye.retryMs[1] > bye.retryMs[0], "there was no goodbye");
  assert(frames.some(({ type }) => type === "welcome"), "nothing came back");
  await assertTrue(id);
});

test("a frozen tab catches up when it goes on", async () => {
  const { page, context } = browser;
  const id = await submit("Snow on a tram stop at night");
  await job(id, '[data-status="processing"]');
  const devtools = await context.newCDPSession(page);
  await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  await eventually("the job ends", async () => {
    const answer = await context.request.get(`${url}/api/videos/jobs/${id}`);
    return (await answer.json()).status === "completed";
  });
  await devtools.send("Page.setWebLifecycleState", { state: "active" });
  await connection("live");
  await assertTrue(id);
});

test("signing out in another tab ends this tab's socket", async () => {
  const { page, context } = browser;
  await connection("live");
  const other = await context.newPage();
  await other.goto(url);
  const status = await other.evaluate(() => fetch("/api/auth/logout", { method: "POST" }).then((answer) => answer.status));
  assert.equal(status, 204);
  await page.locator('input[name="password"]').waitFor();
  await other.close();
});
