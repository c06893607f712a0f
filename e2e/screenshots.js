// Takes the documentation's screenshots on a fake gateway. Usage: `npm run screenshots`, after building the page.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { launch } from "./browser.js";
import { runningJobs, finishedJobs, signedIn } from "./fixtures.js";
import { root } from "./platform.js";
import { responsesFor, pageStates } from "./page-states.js";
import { fakeWebsocket, startFakeGateway } from "./fake-gateway.js";

const gallery = [...runningJobs.slice(0, 2), ...finishedJobs(24)];
const pictures = {
  gallery: { pageState: { path: "/", jobs: gallery }, theme: "dark", language: "en", viewport: { width: 1440, height: 900 } },
  "video-detail": { pageState: pageStates["video page"], theme: "light", language: "en", viewport: { width: 1440, height: 900 } },
  "gallery-phone": { pageState: { path: "/", jobs: [runningJobs[0], ...finishedJobs(24)] }, theme: "light", language: "zh", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
};

const browser = await launch();
for (const [name, { pageState, theme, language, ...options }] of Object.entries(pictures)) {
  const fakeGateway = await startFakeGateway(pageState.answers ? responsesFor(pageState) : signedIn(pageState.jobs));
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  await page.addInitScript((chosen) => Object.entries(chosen).forEach(([key, value]) => localStorage.setItem(`sora.${key}`, value)), { theme, language });
  await fakeWebsocket(page, () => pageState.jobs);
  await page.goto(fakeGateway.url + pageState.path, { waitUntil: "networkidle" });
  await page.waitForFunction(() => [...document.querySelectorAll("video[src]")].every(({ readyState }) => readyState >= 2));
  await page.evaluate(seek);
  const path = join(root, `docs/images/${name}.png`);
  await page.screenshot({ path });
  // A 256-colour palette reduces the size by two thirds. Skipped if ffmpeg is not installed.
  const small = spawnSync("ffmpeg", ["-v", "error", "-y", "-i", path, "-vf", "split[a][b];[a]palettegen=max_colors=256[p];[b][p]paletteuse=dither=sierra2_4a", `${path}.png`]);
  if (small.status === 0) spawnSync("mv", [`${path}.png`, path]);
  await context.close();
  await fakeGateway.stop();
}
await browser.close();

/** Runs in the page: seeks each clip to a different moment. */
async function seek() {
  const videos = [...document.querySelectorAll("video[src]")];
  await Promise.all(
    videos.map((video, index) => {
      video.pause();
      return new Promise((done) => {
        video.addEventListener("seeked", done, { once: true });
        video.currentTime = 0.6 + ((index * 0.9) % 4);
      });
    }),
  );
}
