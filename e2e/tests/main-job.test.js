// The main use case in a real browser: sign up, submit, watch the progress over the websocket, play the video.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, signUp } from "../browser.js";
import { start } from "../platform.js";

const prompt = "雨夜的上海弄堂，霓虹倒映在积水里，一只橘猫跳上自行车后座，镜头缓慢推进";

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "200", "--steps", "20"] });
});
after(() => platform?.stop());

test("a prompt becomes a playable video, with live progress", async () => {
  const { page, frames, requests, assertNoErrors, close } = await openPage();
  try {
    await page.addInitScript(recordProgress);
    await signUp(page, platform.url);
    await page.evaluate(() => (window.sameDocument = true));

    await page.getByTestId("composer-prompt").fill(prompt);
    const response = page.waitForResponse((one) => one.url().endsWith("/api/videos") && one.request().method() === "POST");
    await page.getByTestId("composer-submit").click();
    assert.equal((await response).status(), 202);
    const { job } = await (await response).json();

    const card = page.locator(`[data-testid="job-card"][data-job-id="${job.id}"]`);
    await card.getByRole("progressbar").waitFor();
    requests.length = 0;
    await page.locator(`[data-job-id="${job.id}"][data-status="completed"]`).waitFor({ timeout: 60_000 });

    const jobFrames = frames.filter(({ type, id }) => type === "job" && id === job.id);
    assertGrows("the frames' progress", jobFrames.map(({ progress }) => progress));
    assert.equal(jobFrames.at(-1).status, "completed");
    assertGrows("the progress bar", await page.evaluate(() => window.shownProgress));
    assert.deepEqual(requests.filter((one) => one.startsWith("GET /api/videos/jobs")), [], "the page polled");

    await card.getByTestId("job-link").click();
    const player = page.getByTestId("video-player");
    await player.evaluate((video) => video.play());
    await page.waitForFunction((video) => video.currentTime > 0.3 && video.videoWidth > 0, await player.elementHandle());
    assert.equal(await page.getByTestId("video-detail-prompt").textContent(), prompt);
    assert.equal(await page.evaluate(() => window.sameDocument), true, "the page was reloaded");
    assertNoErrors();
    platform.check();
  } finally {
    await close();
  }
});

/** Runs in the page: records every value that the progress bar shows. */
function recordProgress() {
  window.shownProgress = [];
  const note = () => {
    const value = document.querySelector('[role="progressbar"]')?.getAttribute("aria-valuenow");
    if (value != null && Number(value) !== window.shownProgress.at(-1)) window.shownProgress.push(Number(value));
  };
  new MutationObserver(note).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-valuenow"] });
}

function assertGrows(what, values) {
  assert(new Set(values).size >= 4, `${what} moved too little: ${values}`);
  assert.deepEqual(values, values.toSorted((a, b) => a - b), `${what} went back`);
}
