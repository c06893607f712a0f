// The figures of the page, measured on the stage in a real Chromium: what is painted last of the first view (LCP), how far things
// jump (CLS), what the first load weighs, and what ten thousand live jobs cost. `npm run measure`, after building the page.
import { gzipSync } from "node:zlib";
import { launch } from "./browser.js";
import { developing, finished, signedIn } from "./data.js";
import { answersOf, scenes } from "./scenes.js";
import { liveSocket, startStage } from "./stage.js";

const rounds = 5;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs in the page, before anything of its own. */
function observe() {
  window.figures = { lcp: 0, cls: 0, longest: 0, frames: [] };
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch("largest-contentful-paint", ({ startTime }) => (window.figures.lcp = startTime));
  watch("layout-shift", ({ value, hadRecentInput }) => (window.figures.cls += hadRecentInput ? 0 : value));
  watch("longtask", ({ duration }) => (window.figures.longest = Math.max(window.figures.longest, duration)));
}

const browser = await launch();
const stage = await startStage();

async function visit(path, jobs, script) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(observe);
  const scriptBytes = [];
  page.on("response", async (answer) => {
    if (answer.request().resourceType() === "script") scriptBytes.push(answer.body().then((body) => gzipSync(body).length));
  });
  const tell = await liveSocket(page, () => jobs);
  await page.goto(stage.url + path, { waitUntil: "networkidle" });
  await script?.(page, tell);
  const figures = await page.evaluate(() => window.figures);
  const bytes = (await Promise.all(scriptBytes)).reduce((sum, one) => sum + one, 0);
  await context.close();
  return { ...figures, bytes };
}

async function report(name, path, jobs, answers) {
  stage.answers = answers;
  const visits = [];
  for (let round = 0; round < rounds; round += 1) visits.push(await visit(path, jobs));
  const lcp = Math.round(median(visits.map((one) => one.lcp)));
  const cls = Math.max(...visits.map((one) => one.cls)).toFixed(3);
  console.log(`${name}: LCP ${lcp} ms (median of ${rounds}), CLS ${cls}, scripts ${(visits[0].bytes / 1000).toFixed(1)} kB gzipped`);
}

await report("first visit", "/sign-up", [], answersOf(scenes["sign-up"]));
await report("busy wall", "/", scenes["busy wall"].jobs, answersOf(scenes["busy wall"]));
await report("one video", scenes.screen.path, scenes.screen.jobs, answersOf(scenes.screen));

/** Frames while one job is told of 500 times and the wall is scrolled; few jobs show what the machine itself needs. */
async function storm(number) {
  const many = [developing[0], ...finished(number)];
  stage.answers = signedIn(many, { "GET /api/videos/jobs": { data: many.slice(0, 50), nextCursor: null } });
  const figures = await visit("/", many, async (page, tell) => {
    await page.locator(`[aria-setsize="${number + 1}"]`).first().waitFor();
    await page.evaluate(() => {
      window.figures.longest = 0;
      let last = performance.now();
      const next = (now) => {
        window.figures.frames.push(now - last);
        last = now;
        requestAnimationFrame(next);
      };
      requestAnimationFrame(next);
    });
    for (let seq = 2; seq < 500; seq += 1) {
      tell({ type: "job", ...developing[0], progress: Math.floor(seq / 5), seq });
      await new Promise((done) => setTimeout(done, 5));
      if (seq % 4 === 0) await page.mouse.wheel(0, 120);
    }
  });
  const frames = figures.frames.toSorted((a, b) => a - b);
  const at = (share) => frames[Math.floor(frames.length * share)].toFixed(1);
  console.log(`${number} jobs, 500 updates while scrolling: frames median ${at(0.5)} ms, 95 % under ${at(0.95)} ms, 99 % under ${at(0.99)} ms, longest task ${Math.round(figures.longest)} ms`);
}

await storm(100);
await storm(10_000);

await browser.close();
await stage.stop();
