// The way of someone who makes videos, from the first visit to logging out, as steps that the tests go in their own manner: by
// pointer or by keyboard, with or without the websocket.
import assert from "node:assert/strict";

export const prompts = {
  plain: "A kite over the dunes at dusk, seen from below",
  failing: "A paper boat in a gutter [sim:cut@40%*1]",
  slow: "A glacier calving in slow motion [sim:slow]",
};

/** Cards by their job, its state, and what stands on them. */
export function cards(page) {
  const all = page.getByTestId("job-card");
  return {
    all,
    inState: (status, id) => page.locator(`[data-testid="job-card"][data-status="${status}"]${id ? `[data-job-id="${id}"]` : ""}`),
  };
}

/** Submits by `send` and answers with the job as the server made it. */
export async function submitted(page, prompt, send) {
  const answer = page.waitForResponse((one) => one.url().endsWith("/api/videos") && one.request().method() === "POST");
  await send(prompt);
  const response = await answer;
  assert.equal(response.status(), 202);
  assert(response.request().headers()["idempotency-key"], "no idempotency key");
  return (await response.json()).job;
}

/** Every element that holds the focus must show it. */
export async function assertFocusShows(page) {
  const shown = await page.evaluate(() => {
    // The frame around a box may show it in its place.
    // Past the last element the focus is the browser's own.
    if (document.activeElement === document.body) return true;
    for (let element = document.activeElement; element && element !== document.body; element = element.parentElement) {
      for (const part of [null, "::after"]) if (parseFloat(getComputedStyle(element, part).outlineWidth) > 0 && getComputedStyle(element, part).outlineStyle !== "none") return true;
      if (element.matches("form, li")) return false;
    }
    return false;
  });
  assert(shown, `the focus does not show on ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))}`);
}

/** Tabs until the focus is on what `locator` finds. */
export async function tabTo(page, locator, key = "Tab") {
  for (let times = 0; times < 60; times += 1) {
    await page.keyboard.press(key);
    await assertFocusShows(page);
    if (await locator.evaluate((element) => element === document.activeElement).catch(() => false)) return;
  }
  assert.fail(`cannot be reached by ${key}: ${locator}`);
}
