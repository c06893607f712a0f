// A user's journey from the first visit to logging out, in a real browser on the real platform: by pointer, by keyboard alone,
// with a blocked websocket, and in Chinese on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, signUp } from "../browser.js";
import { cards, prompts, selectByKeys, submitted, tabTo } from "../journey.js";
import { start } from "../platform.js";

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "120", "--steps", "20"], gateway: { SORA_FREE: "true" } });
});
after(() => platform?.stop());

/** Runs `journey` on a new page and asserts that the page reported no errors. */
async function walk(options, journey) {
  const browser = await openPage(options);
  try {
    await journey(browser.page, browser);
    browser.assertNoErrors();
    platform.check();
  } finally {
    await browser.close();
  }
}

test("by pointer: submits three jobs, plays, remixes, cancels, retries, searches, deletes several, logs out", async () => {
  await walk({}, async (page) => {
    const { all, inState } = cards(page);
    await signUp(page, platform.url);
    await page.getByTestId("example-prompts").getByText("nothing is charged").waitFor();
    const send = async (prompt) => {
      await page.getByTestId("composer-prompt").fill(prompt);
      await page.getByTestId("composer-submit").click();
    };
    const plain = await submitted(page, prompts.plain, send);
    const failing = await submitted(page, prompts.failing, send);
    const slow = await submitted(page, prompts.slow, send);
    assert.equal(await page.getByTestId("composer-prompt").inputValue(), "", "the prompt was not cleared");
    await page.waitForFunction(() => document.querySelectorAll('[data-status="processing"]').length === 3);

    await inState("completed", plain.id).waitFor();
    await inState("completed", plain.id).getByTestId("job-link").click();
    const player = page.getByTestId("video-player");
    await page.waitForFunction((video) => video.currentTime > 0.2 && video.videoWidth > 0, await player.elementHandle());
    await page.getByTestId("job-remix").click();
    assert.equal(await page.getByTestId("composer-prompt").inputValue(), prompts.plain);
    const remix = await submitted(page, `${prompts.plain}, in winter`, send);

    await inState("processing", slow.id).getByTestId("job-cancel").click();
    await inState("cancelled", slow.id).waitFor();

    await inState("failed", failing.id).waitFor();
    assert.match(await inState("failed", failing.id).getByTestId("job-failure").textContent(), /interrupted.*It may have been charged/);
    await inState("failed", failing.id).getByTestId("job-retry").click();
    await inState("completed", failing.id).waitFor();

    await inState("completed", remix.id).waitFor();
    await page.getByTestId("search").fill("KITE over");
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="job-card"]').length === 2);
    await page.getByTestId("select-start").click();
    await page.getByTestId("selection-all").click();
    await page.getByTestId("selection-delete").click();
    await page.getByTestId("selection-confirm").click();
    await page.getByTestId("filter-show-all").click();
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="job-card"]').length === 2);
    assert.deepEqual(await all.evaluateAll((cards) => cards.map((card) => card.dataset.status).sort()), ["cancelled", "completed"]);

    await page.getByTestId("account-menu").click();
    await page.getByTestId("account-logout").click();
    await page.getByTestId("auth-submit").waitFor();
  });
});

test("by keyboard alone", async () => {
  await walk({ reducedMotion: "reduce" }, async (page) => {
    const { inState } = cards(page);
    const keys = page.keyboard;
    await page.goto(`${platform.url}/sign-up`);
    await page.getByTestId("auth-submit").waitFor();
    await tabTo(page, page.locator('input[name="email"]'));
    await keys.type(`keys-${Date.now()}@example.com`);
    await tabTo(page, page.locator('input[name="password"]'));
    await keys.type("correct horse battery");
    await keys.press("Enter");
    await page.getByTestId("example-prompts").waitFor();

    await tabTo(page, page.locator(".skip"));
    await keys.press("Enter");
    const send = async (prompt) => {
      await keys.type(prompt);
      await keys.press("Control+Enter");
    };
    const first = await submitted(page, prompts.plain, send);
    const second = await submitted(page, prompts.slow, send);
    await inState("processing", second.id).waitFor();
    await inState("completed", first.id).waitFor();

    await tabTo(page, inState("processing", second.id).getByTestId("job-cancel"), "Shift+Tab");
    await keys.press("Enter");
    await inState("cancelled", second.id).waitFor();

    await tabTo(page, inState("completed", first.id).getByTestId("job-link"));
    await keys.press("Enter");
    await page.getByTestId("video-player").waitFor();
    await keys.press("Escape");
    await inState("completed", first.id).waitFor();

    await keys.press("/");
    await keys.type("dunes");
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="job-card"]').length === 1);
    await tabTo(page, page.getByTestId("job-select"));
    await keys.press("Space");
    await tabTo(page, page.getByTestId("selection-delete"));
    await keys.press("Enter");
    await tabTo(page, page.getByTestId("selection-confirm"));
    await keys.press("Enter");
    await page.getByTestId("filter-show-all").waitFor();

    await tabTo(page, page.getByTestId("account-menu"), "Shift+Tab");
    await keys.press("Enter");
    await selectByKeys(page, "End");
    await page.getByTestId("auth-submit").waitFor();
  });
});

test("falls back to polling while the websocket is blocked", async () => {
  await walk({}, async (page, { requests }) => {
    let blocked = true;
    await page.routeWebSocket("**/api/ws", (socket) => {
      if (blocked) socket.close({ code: 1013 });
      else socket.connectToServer();
    });
    const { inState } = cards(page);
    const state = (name) => page.locator(`[data-testid="connection"][data-state="${name}"]`);
    await signUp(page, platform.url);
    const job = await submitted(page, prompts.plain, async (prompt) => {
      await page.getByTestId("composer-prompt").fill(prompt);
      await page.getByTestId("composer-submit").click();
    });
    await state("polling").waitFor({ timeout: 30_000 });
    await inState("completed", job.id).waitFor({ timeout: 60_000 });
    assert(requests.filter((one) => one === "GET /api/videos/jobs").length > 1, "the page did not poll");
    blocked = false;
    await state("live").waitFor({ timeout: 60_000 });
  });
});

test("in Chinese on a phone, by touch", async () => {
  const phone = { locale: "zh-CN", viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  await walk(phone, async (page) => {
    const { inState } = cards(page);
    await signUp(page, platform.url);
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
    const job = await submitted(page, "雨夜的弄堂，一只橘猫跳上自行车后座", async (prompt) => {
      await page.getByTestId("composer-prompt").fill(prompt);
      await page.getByTestId("composer-submit").tap();
    });
    await inState("processing", job.id).getByTestId("job-status").filter({ hasText: /^生成中 \d+%$/ }).waitFor();
    await inState("completed", job.id).waitFor();
    await inState("completed", job.id).getByTestId("job-link").tap();
    await page.getByTestId("video-player").waitFor();
    assert.equal(await page.getByTestId("video-detail-prompt").textContent(), job.prompt);
    await page.getByTestId("video-detail-back").tap();
    await page.getByTestId("select-start").tap();
    await inState("completed", job.id).getByTestId("job-select").tap();
    await page.getByTestId("selection-delete").tap();
    await page.getByTestId("selection-confirm").tap();
    await page.getByTestId("example-prompts").waitFor();
  });
});
