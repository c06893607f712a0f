// The pictures of the documentation, taken on the stage: `npm run screenshots`, after building the page.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { launch } from "./browser.js";
import { developing, failures, finished, signedIn } from "./data.js";
import { root } from "./platform.js";
import { answersOf, scenes } from "./scenes.js";
import { liveSocket, startStage } from "./stage.js";

const gallery = [...developing.slice(0, 2), ...failures.slice(3, 4), ...finished(24)];
const pictures = {
  gallery: { scene: { path: "/", jobs: gallery }, theme: "dark", language: "en", viewport: { width: 1440, height: 900 } },
  "video-detail": { scene: scenes.screen, theme: "light", language: "en", viewport: { width: 1440, height: 900 } },
  "gallery-phone": { scene: { path: "/", jobs: [developing[0], ...finished(24)] }, theme: "light", language: "zh", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
};

const browser = await launch();
for (const [name, { scene, theme, language, ...options }] of Object.entries(pictures)) {
  const stage = await startStage(scene.answers ? answersOf(scene) : signedIn(scene.jobs));
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  await page.addInitScript((chosen) => Object.entries(chosen).forEach(([key, value]) => localStorage.setItem(`sora.${key}`, value)), { theme, language });
  await liveSocket(page, () => scene.jobs);
  await page.goto(stage.url + scene.path, { waitUntil: "networkidle" });
  await page.waitForFunction(() => [...document.querySelectorAll("video[src]")].every(({ readyState }) => readyState >= 2));
  await page.evaluate(seek);
  const path = join(root, `docs/images/${name}.png`);
  await page.screenshot({ path });
  // Fewer colours make it a third as heavy; ffmpeg is there for the simulator's clips.
  const small = spawnSync("ffmpeg", ["-v", "error", "-y", "-i", path, "-vf", "split[a][b];[a]palettegen=max_colors=256[p];[b][p]paletteuse=dither=sierra2_4a", `${path}.png`]);
  if (small.status === 0) spawnSync("mv", [`${path}.png`, path]);
  await context.close();
  await stage.stop();
}
await browser.close();

/** Runs in the page: a moment from the middle of each clip, so that no two look alike. */
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
