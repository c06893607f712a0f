// Steps of a user's journey from the first visit to logging out, for tests with pointer or keyboard, and with or without the
// websocket.
import assert from "node:assert/strict";

export const prompts = {
  plain: "A kite over the dunes at dusk, seen from below",
  failing: "A paper boat in a gutter [sim:cut@40%*1]",
  slow: "A glacier calving in slow motion [sim:slow]",
};

/** Locators for job cards. */
export function cards(page) {
  const all = page.getByTestId("job-card");
  return {
    all,
    inState: (status, id) => page.locator(`[data-testid="job-card"][data-status="${status}"]${id ? `[data-job-id="${id}"]` : ""}`),
  };
}

/** Submits by calling `send`; returns the job from the server's response. */
export async function submitted(page, prompt, send) {
  const received = page.waitForResponse((one) => one.url().endsWith("/api/videos") && one.request().method() === "POST");
  await send(prompt);
  const response = await received;
  assert.equal(response.status(), 202);
  assert(response.request().headers()["idempotency-key"], "no idempotency key");
  return (await response.json()).job;
}

/** Asserts that the focused element has a visible focus indicator. */
export async function assertFocusVisible(page) {
  const shown = await page.evaluate(() => {
    // A surrounding frame may show the focus of an input.
    // After the last element, the browser's own controls have the focus.
    if (document.activeElement === document.body) return true;
    for (let element = document.activeElement; element && element !== document.body; element = element.parentElement) {
      for (const part of [null, "::after"]) if (parseFloat(getComputedStyle(element, part).outlineWidth) > 0 && getComputedStyle(element, part).outlineStyle !== "none") return true;
      if (element.matches("form, li")) return false;
    }
    return false;
  });
  assert(shown, `the focus does not show on ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))}`);
}

/** Selects an option of the menu that has just been opened. The menu moves the focus a moment after a key. */
export async function selectByKeys(page, ...keys) {
  await page.waitForFunction(() => document.activeElement?.closest('[role="menu"]'));
  for (const key of keys) {
    const before = await page.evaluateHandle(() => document.activeElement);
    await page.keyboard.press(key);
    await page.waitForFunction((element) => document.activeElement !== element, before);
  }
  await page.keyboard.press("Enter");
}

/** Presses Tab until the focus is on `locator`. */
export async function tabTo(page, locator, key = "Tab") {
  for (let times = 0; times < 60; times += 1) {
    await page.keyboard.press(key);
    await assertFocusVisible(page);
    if (await locator.evaluate((element) => element === document.activeElement).catch(() => false)) return;
  }
  assert.fail(`cannot be reached by ${key}: ${locator}`);
}
