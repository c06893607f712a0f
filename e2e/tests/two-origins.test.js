// The page and the API at two origins of one site, as app.example.com and api.example.com: calls, websocket, video and downloads
// go to the API with the session's cookie, within the content security policy. nginx serves the page, or the gateway.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { openPage, signUp } from "../browser.js";
import { startNginx } from "../nginx.js";
import { freePort, root, start, stop } from "../platform.js";

let platform, folder, api;
/** Origins of the page, by the server of its files. */
const apps = {};
const processes = [];
before(async () => {
  const [appPort, apiPort] = [await freePort(), await freePort()];
  apps.nginx = `http://app.sora.test:${appPort}`;
  apps.gateway = `http://app.sora.test:${apiPort}`;
  api = `http://api.sora.test:${apiPort}`;
  folder = await mkdtemp(join(tmpdir(), "two-origins-"));
  const page = join(folder, "dist");
  await promisify(execFile)("node_modules/.bin/vite", ["build", "--outDir", page, "--logLevel", "error"], {
    cwd: join(root, "frontend"),
    env: { ...process.env, VITE_API_URL: api },
  });
  platform = await start({
    simulator: ["--pace", "200", "--steps", "20"],
    gateway: { BACKEND_PORT: String(apiPort), PUBLIC_URL: apps.nginx, ALLOWED_ORIGINS: `${api},${apps.gateway}`, FRONTEND_DIST: page },
  });
  // Nothing listens at this gateway: whatever the page sent to its own origin would fail.
  await startNginx(processes, folder, appPort, { GATEWAY: `127.0.0.1:${await freePort()}`, PAGE: page, API_URL: api });
});
after(async () => {
  await stop(processes, folder);
  await platform?.stop();
});

/** Without a certificate, yet treated as secure: Chromium otherwise warns that it ignores Cross-Origin-Opener-Policy. */
const open = () => {
  const origins = [...Object.values(apps), api].join();
  return openPage({ flags: ["--host-resolver-rules=MAP *.sora.test 127.0.0.1", `--unsafely-treat-insecure-origin-as-secure=${origins}`] });
};

for (const server of ["nginx", "gateway"]) {
  test(`a prompt becomes a video that plays and downloads, with live progress: served by ${server}`, () => makeVideo(server));
}

async function makeVideo(server) {
  const { context, page, frames, requests, assertNoErrors, close } = await open();
  try {
    const origins = new Set();
    page.on("request", (request) => {
      const { origin, pathname } = new URL(request.url());
      if (pathname.startsWith("/api/")) origins.add(origin);
    });
    await signUp(page, apps[server]);
    await page.locator('[data-testid="connection"][data-state="live"]').waitFor();
    requests.length = 0;
    await page.getByTestId("composer-prompt").fill("A lighthouse in the rain");
    await page.getByTestId("composer-submit").click();
    await page.locator('[data-job-id][data-status="completed"]').first().waitFor({ timeout: 60_000 });
    assert(frames.filter(({ type }) => type === "job").length >= 4, "too few progress updates");
    assert.deepEqual(requests.filter((one) => one.startsWith("GET /api/videos/jobs")), [], "the page polled");

    await page.getByTestId("job-link").first().click();
    const player = page.getByTestId("video-player");
    await player.evaluate((video) => video.play());
    await page.waitForFunction((video) => video.currentTime > 0.3 && video.videoWidth > 0, await player.elementHandle());

    const download = page.waitForEvent("download");
    await page.getByTestId("download").click();
    const file = await download;
    assert.match(file.suggestedFilename(), /^sora-.*\.mp4$/);
    assert.equal(await file.failure(), null);

    assert.deepEqual([...origins], [api]);
    const cookies = await context.cookies(api);
    assert(cookies.some(({ httpOnly, domain }) => httpOnly && domain === "api.sora.test"), "the cookie is the API's alone");
    assertNoErrors();
    platform.check();
  } finally {
    await close();
  }
}

test("the session survives a reload and ends with a logout", async () => {
  const { page, close } = await open();
  try {
    await signUp(page, apps.nginx);
    await page.reload();
    await page.getByTestId("composer-prompt").waitFor();
    await page.getByTestId("account-menu").click();
    await page.getByTestId("account-logout").click();
    await page.getByTestId("auth-submit").waitFor();
    await page.reload();
    await page.getByTestId("auth-submit").waitFor();
  } finally {
    await close();
  }
});
