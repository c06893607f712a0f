// Cancelling, retrying and deleting a job in a real browser, without a reload and without polling.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, signUp } from "../browser.js";
import { start } from "../platform.js";

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "200", "--steps", "20"] });
});
after(() => platform?.stop());

test("cancels a running job, retries it, and deletes it by keyboard", async () => {
  const { page, frames, requests, assertNoErrors, close } = await openPage();
  try {
    await signUp(page, platform.url);
    await page.evaluate(() => (window.sameDocument = true));
    await page.getByTestId("composer-prompt").fill("A kite over the dunes at dusk, seen from below");
    const response = page.waitForResponse((one) => one.url().endsWith("/api/videos") && one.request().method() === "POST");
    await page.getByTestId("composer-submit").click();
    const { job } = await (await response).json();
    const card = page.locator(`[data-testid="job-card"][data-job-id="${job.id}"]`);
    const inState = (status, phase = "") => page.locator(`[data-job-id="${job.id}"][data-status="${status}"]${phase && `[data-phase="${phase}"]`}`);
    await inState("processing", "generating").waitFor();
    requests.length = 0;

    await card.getByTestId("job-cancel").click();
    await inState("cancelled").waitFor();
    assert.equal(await card.getByTestId("job-status").textContent(), "Cancelled");

    await card.getByTestId("job-retry").click();
    // The retry starts when the upstream's slot is free: the cancelled stream is read to its end.
    await inState("processing", "generating").waitFor({ timeout: 60_000 });
    await inState("completed").waitFor({ timeout: 60_000 });
    const jobFrames = frames.filter(({ type, id }) => type === "job" && id === job.id);
    const seqs = jobFrames.map(({ seq }) => seq);
    assert.deepEqual(seqs, seqs.toSorted((a, b) => a - b), "seq decreased");
    assert(jobFrames.some(({ status }) => status === "cancelled") && jobFrames.at(-1).status === "completed");

    await card.getByTestId("job-delete").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await card.getByTestId("job-delete").and(page.locator(":focus")).waitFor();
    assert(!requests.some((one) => one.startsWith("DELETE")), "Enter alone deleted it");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await card.waitFor({ state: "detached" });

    const path = `/api/videos/jobs/${job.id}`;
    assert.deepEqual(requests.filter((one) => one.includes(path)), [`POST ${path}/cancel`, `POST ${path}/retry`, `DELETE ${path}`]);
    assert.equal(await page.evaluate(() => window.sameDocument), true, "the page was reloaded");
    assertNoErrors();
    await page.reload();
    await page.getByTestId("composer-prompt").waitFor();
    await page.getByTestId("job-card").waitFor({ state: "detached" });
    assert.equal(await page.evaluate((url) => fetch(url).then(({ status }) => status), path), 404);
    platform.check();
  } finally {
    await close();
  }
});
