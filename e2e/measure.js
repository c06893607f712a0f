// Measures the page on a fake gateway in a real Chromium: largest contentful paint (LCP), layout shift (CLS), requests and bytes
// over the wire, and the cost of ten thousand live jobs. Usage: `npm run measure`, after building the page.
import { launch } from "./browser.js";
import { runningJobs, finishedJobs, signedIn } from "./fixtures.js";
import { responsesFor, pageStates } from "./page-states.js";
import { fakeWebsocket, startFakeGateway } from "./fake-gateway.js";

const rounds = 5;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs in the page before its own scripts. */
function observe() {
  window.figures = { lcp: 0, cls: 0, longest: 0, frames: [] };
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch("largest-contentful-paint", ({ startTime }) => (window.figures.lcp = startTime));
  watch("layout-shift", ({ value, hadRecentInput }) => (window.figures.cls += hadRecentInput ? 0 : value));
  watch("longtask", ({ duration }) => (window.figures.longest = Math.max(window.figures.longest, duration)));
}

const browser = await launch();
const fakeGateway = await startFakeGateway();

async function visit(path, jobs, script) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(observe);
  const received = [];
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", ({ encodedDataLength }) => received.push(encodedDataLength));
  const sendFrame = await fakeWebsocket(page, () => jobs);
  await page.goto(fakeGateway.url + path, { waitUntil: "networkidle" });
  await script?.(page, sendFrame);
  const figures = await page.evaluate(() => window.figures);
  const bytes = received.reduce((sum, one) => sum + one, 0);
  await context.close();
  return { ...figures, bytes, requests: received.length };
}

async function report(name, path, jobs, answers) {
  fakeGateway.answers = answers;
  const visits = [];
  for (let round = 0; round < rounds; round += 1) visits.push(await visit(path, jobs));
  const lcp = Math.round(median(visits.map((one) => one.lcp)));
  const cls = Math.max(...visits.map((one) => one.cls)).toFixed(3);
  console.log(`${name}: LCP ${lcp} ms (median of ${rounds}), CLS ${cls}, ${visits[0].requests} requests, ${(visits[0].bytes / 1000).toFixed(1)} kB over the wire`);
}

await report("first visit", "/sign-up", [], responsesFor(pageStates["sign-up"]));
await report("busy gallery", "/", pageStates["busy gallery"].jobs, responsesFor(pageStates["busy gallery"]));
await report("one video", pageStates["video page"].path, pageStates["video page"].jobs, responsesFor(pageStates["video page"]));

/** Measures frame times during 500 updates of one job while scrolling. A run with few jobs gives the machine's baseline. */
async function measureUpdates(number) {
  const many = [runningJobs[0], ...finishedJobs(number)];
  fakeGateway.answers = signedIn(many, { "GET /api/videos/jobs": { data: many.slice(0, 50), nextCursor: null } });
  const figures = await visit("/", many, async (page, sendFrame) => {
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
      sendFrame({ type: "job", ...runningJobs[0], progress: Math.floor(seq / 5), seq });
      await new Promise((done) => setTimeout(done, 5));
      if (seq % 4 === 0) await page.mouse.wheel(0, 120);
    }
  });
  const frames = figures.frames.toSorted((a, b) => a - b);
  const at = (share) => frames[Math.floor(frames.length * share)].toFixed(1);
  console.log(`${number} jobs, 500 updates while scrolling: frames median ${at(0.5)} ms, 95 % under ${at(0.95)} ms, 99 % under ${at(0.99)} ms, longest task ${Math.round(figures.longest)} ms`);
}

await measureUpdates(100);
await measureUpdates(10_000);

await browser.close();
await fakeGateway.stop();
