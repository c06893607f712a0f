// A real Chromium whose page is watched: what it writes to the console as an error, exceptions, and the frames that reach its
// websocket. A test that passes ends with `assertQuiet`: the page complained about nothing.
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

/** Chromium itself; whoever launches it closes it. */
export function launch() {
  const executablePath = places.find((place) => place && existsSync(place));
  assert(executablePath, "no Chromium: name it with CHROMIUM");
  return chromium.launch({ executablePath, args, headless: true });
}

/** A page of its own; `options` are those of a browser context. */
export async function open(options = {}) {
  const browser = await launch();
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  const frames = [];
  const requests = [];
  page.setDefaultTimeout(20_000);
  page.on("console", (message) => {
    if (message.type() === "error" && !isExpected(message)) complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => frames.push(JSON.parse(payload)));
    socket.on("socketerror", (error) => complaints.push(`websocket: ${error}`));
  });
  const assertQuiet = () => assert.deepEqual(complaints, [], "the page complained");
  return { context, page, frames, requests, assertQuiet, close: () => browser.close() };
}

/**
 * Asking who is signed in is answered with 401 before anyone is, and a video is on the wall before its poster is made: the browser
 * reports both as errors.
 */
function isExpected(message) {
  const { url } = message.location();
  const about = (path, status) => url.endsWith(path) && message.text().includes(status);
  return about("/api/auth/me", "401") || about("/poster", "404");
}

/** Signs up through the page, until it shows the composer; answers with the credentials. */
export async function signUp(page, url) {
  const credentials = { email: `someone-${Date.now()}@example.com`, password: "correct horse battery" };
  await page.goto(`${url}/sign-up`);
  await page.locator('input[name="email"]').fill(credentials.email);
  await page.locator('input[name="password"]').fill(credentials.password);
  await page.getByTestId("auth-submit").click();
  await page.getByTestId("composer-prompt").waitFor();
  return credentials;
}
