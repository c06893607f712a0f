// Opens pages in a real Chromium and records console errors, exceptions, requests and websocket frames. Passing tests end
// with `assertNoErrors`.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const places = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Launches Chromium; the caller closes it. `more` are additional flags. */
export function launch(more = []) {
  const executablePath = places.find((place) => place && existsSync(place));
  assert(executablePath, "Chromium not found: set CHROMIUM to its path");
  return chromium.launch({ executablePath, args: [...args, ...more], headless: true });
}

/** Opens a page in its own browser; `flags` are Chromium's, `options` those of a browser context. */
export async function openPage({ flags, ...options } = {}) {
  const browser = await launch(flags);
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const errors = [];
  const frames = [];
  const requests = [];
  page.setDefaultTimeout(20_000);
  page.on("console", (message) => {
    if (message.type() === "error" && !isExpected(message)) errors.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => frames.push(JSON.parse(payload)));
    socket.on("socketerror", (error) => errors.push(`websocket: ${error}`));
  });
  const assertNoErrors = () => assert.deepEqual(errors, [], "the page reported errors");
  return { context, page, frames, requests, assertNoErrors, close: () => browser.close() };
}

/**
 * Responses that the browser reports as errors but that are part of normal use: 401 when nobody is signed in, and 404 while a
 * video has no poster yet.
 */
function isExpected(message) {
  const { url } = message.location();
  const about = (path, status) => url.endsWith(path) && message.text().includes(status);
  return about("/api/auth/me", "401") || about("/poster", "404");
}

/** Signs up on the page, waits for the composer, and returns the credentials. */
export async function signUp(page, url) {
  const credentials = { email: `someone-${Date.now()}@example.com`, password: "correct horse battery" };
  await page.goto(`${url}/sign-up`);
  await page.locator('input[name="email"]').fill(credentials.email);
  await page.locator('input[name="password"]').fill(credentials.password);
  await page.getByTestId("auth-submit").click();
  await page.getByTestId("composer-prompt").waitFor();
  return credentials;
}
