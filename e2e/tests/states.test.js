// How the page handles errors and many jobs, on a fake gateway: no input is lost, nothing is sent twice, and a long gallery
// renders few elements.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { runningJobs, finishedJobs, job, signedIn, user } from "../fixtures.js";
import { openPage } from "../browser.js";
import { selectByKeys } from "../journey.js";
import { fakeWebsocket, startFakeGateway } from "../fake-gateway.js";

let fakeGateway;
before(async () => {
  fakeGateway = await startFakeGateway();
});
after(() => fakeGateway?.stop());

/** Runs `script` on a page whose user is signed in and has these jobs. */
async function withSignedInPage(jobs, answers, script) {
  fakeGateway.answers = signedIn(jobs, answers);
  const browser = await openPage();
  try {
    const sendFrame = await fakeWebsocket(browser.page, () => jobs);
    await browser.page.goto(fakeGateway.url);
    await browser.page.getByTestId("composer-prompt").waitFor();
    await script(browser.page, sendFrame);
  } finally {
    await browser.close();
  }
}

const body = async (request) => {
  let text = "";
  for await (const part of request) text += part;
  return JSON.parse(text);
};

test("keeps the draft and its image when the session expires on submit", async () => {
  const expired = { status: 401, problem: "unauthenticated" };
  const answers = { "POST /api/videos": expired, "POST /api/images": { id: "image-1", width: 8, height: 8, size: 80 } };
  await withSignedInPage([], answers, async (page) => {
    await page.getByTestId("composer-image-input").setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from("png") });
    await page.getByTestId("composer-image-remove").waitFor();
    await page.getByTestId("composer-prompt").fill("half a thought");
    await page.keyboard.press("Control+Enter");
    await page.getByTestId("auth-submit").waitFor();
    fakeGateway.answers["POST /api/auth/login"] = { user, expiresAt: "2099-01-01T00:00:00Z" };
    await page.locator('input[name="email"]').fill(user.email);
    await page.locator('input[name="password"]').fill("correct horse battery");
    await page.keyboard.press("Enter");
    await page.getByTestId("composer-image-remove").waitFor();
    assert.equal(await page.getByTestId("composer-prompt").inputValue(), "half a thought");
  });
});

test("reuses the idempotency key after a lost response, and changes it for a new job", async () => {
  const requests = [];
  const response = async ({ request }) => {
    requests.push({ key: request.headers["idempotency-key"], ...(await body(request)) });
    const one = job({ id: `job-${requests.length}`, status: "pending", prompt: requests.at(-1).prompt });
    return { job: one, jobs: [one] };
  };
  await withSignedInPage([], { "POST /api/videos": response }, async (page) => {
    const lost = async (route) => {
      const request = route.request();
      requests.push({ key: request.headers()["idempotency-key"], ...request.postDataJSON() });
      await route.abort();
    };
    await page.route("**/api/videos", lost, { times: 1 });
    await page.getByTestId("composer-prompt").fill("a fox");
    await page.keyboard.press("Control+Enter");
    await page.getByTestId("composer-notice").waitFor();
    assert.equal(await page.getByTestId("composer-prompt").inputValue(), "a fox");
    await page.keyboard.press("Control+Enter");
    await page.locator('[data-job-id="job-2"]').waitFor();
    await page.getByTestId("composer-prompt").fill("a fox");
    await page.keyboard.press("Control+Enter");
    await page.locator('[data-job-id="job-3"]').waitFor();
  });
  assert.deepEqual(requests.map(({ prompt }) => prompt), ["a fox", "a fox", "a fox"]);
  assert.equal(requests[0].key, requests[1].key);
  assert.notEqual(requests[1].key, requests[2].key);
});

test("submits count, size, image and remix source", async () => {
  let asked;
  const response = async ({ request }) => {
    asked = await body(request);
    const jobs = [1, 2].map((number) => job({ id: `job-${number}`, status: "pending", prompt: asked.prompt }));
    return { job: jobs[0], jobs };
  };
  const [original] = finishedJobs(1);
  await withSignedInPage([original], { "POST /api/videos": response, "POST /api/images": { id: "image-1", width: 8, height: 8, size: 80 } }, async (page) => {
    await page.getByTestId("job-card").hover();
    await page.getByTestId("job-remix").click();
    for (const [chip, steps] of [["count", ["End", "ArrowUp", "ArrowUp"]], ["size", ["End"]], ["seconds", ["End"]]]) {
      await page.getByTestId(`composer-${chip}`).click();
      await selectByKeys(page, ...steps);
    }
    await page.getByTestId("composer-image-input").setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from("png") });
    await page.getByTestId("composer-image-remove").waitFor();
    await page.getByTestId("composer-submit").click();
    await page.locator('[data-job-id="job-2"]').waitFor();
  });
  assert.deepEqual(asked, {
    prompt: original.prompt, model: "sora2", orientation: "landscape", seconds: 15, size: "1920x1080", count: 2, referenceImageId: "image-1", remixOf: original.id,
  });
});

test("counts down after 429, keeps the prompt, and can then submit it", async () => {
  const limited = { status: 429, problem: "rate_limited", headers: { "retry-after": "2" } };
  await withSignedInPage([], { "POST /api/videos": limited }, async (page) => {
    await page.getByTestId("composer-prompt").fill("a fox");
    await page.keyboard.press("Control+Enter");
    const notice = page.getByTestId("composer-notice");
    await notice.getByText("Try again in 2 seconds").waitFor();
    assert.equal(await page.getByTestId("composer-submit").getAttribute("aria-disabled"), "true");
    await notice.getByText("Try again in 1 second.").waitFor();
    await notice.getByText("You can try again now.").waitFor();
    assert.equal(await page.getByTestId("composer-prompt").inputValue(), "a fox");
    const one = job({ id: "job-1", status: "pending", prompt: "a fox" });
    fakeGateway.answers["POST /api/videos"] = { job: one, jobs: [one] };
    await page.getByTestId("composer-submit").click();
    await page.locator('[data-job-id="job-1"]').waitFor();
  });
});

test("shows the poster, or the video's first frame until there is one", async () => {
  const [first, second] = finishedJobs(2);
  await withSignedInPage([{ ...first, hasPoster: true }, { ...second, hasPoster: false }], {}, async (page, sendFrame) => {
    await page.route("**/poster", (route) => {
      return route.fulfill({ contentType: "image/svg+xml", body: '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="9"/>' });
    });
    await page.reload();
    const card = ({ id }) => page.locator(`[data-job-id="${id}"]`);
    await card(first).locator('img[data-shown="true"]').waitFor();
    await card(second).locator("video[src]").waitFor();
    assert.equal(await card(first).locator("video[src]").count(), 0, "the video was fetched although there is a poster");
    sendFrame({ type: "job", ...second, hasPoster: true, seq: second.seq + 1 });
    await card(second).locator('img[data-shown="true"]').waitFor();
  });
});

test("accepts images dropped anywhere or pasted", async () => {
  let uploads = 0;
  const response = () => ({ id: `image-${(uploads += 1)}`, width: 8, height: 8 });
  await withSignedInPage([], { "POST /api/images": response, "DELETE /api/images/image-1": {} }, async (page) => {
    await page.getByTestId("composer-image").waitFor();
    const dispatch = (type) =>
      page.evaluate((kind) => {
        const data = new DataTransfer();
        data.items.add(new File(["png"], "a.png", { type: "image/png" }));
        const event = kind === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }) : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
        document.querySelector("h1").dispatchEvent(event);
      }, type);
    await dispatch("drop");
    await page.locator('img[src="/api/images/image-1/content"]').waitFor();
    await dispatch("paste");
    await page.locator('img[src="/api/images/image-2/content"]').waitFor();
    await page.getByTestId("composer-image-remove").click();
    await page.getByTestId("composer-image").waitFor();
  });
});

test("renders only the visible ones of ten thousand live jobs", async () => {
  const many = finishedJobs(10_000);
  const first = runningJobs[0];
  const page10k = { "GET /api/videos/jobs": { data: many.slice(0, 50), nextCursor: null } };
  await withSignedInPage([first, ...many], page10k, async (page, sendFrame) => {
    const rendered = () => page.getByTestId("job-card").count();
    await page.locator('[aria-setsize="10001"]').first().waitFor();
    assert((await rendered()) < 60, `${await rendered()} cards are rendered`);
    for (let seq = 2; seq < 200; seq += 1) sendFrame({ type: "job", ...first, progress: Math.floor(seq / 2), seq });
    await page.getByTestId("job-status").filter({ hasText: "Generating 99%" }).waitFor();
    await page.getByTestId("search").fill("lighthouse");
    await page.locator('[aria-setsize="1001"]').first().waitFor();
    await page.getByTestId("search").fill("");
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    await page.locator('[aria-posinset="10001"]').waitFor();
    assert((await rendered()) < 60, `${await rendered()} cards are rendered at the end`);
    await page.locator('[aria-posinset="10001"]').getByTestId("job-link").click();
    await page.getByTestId("video-player").waitFor();
    await page.keyboard.press("Escape");
    await page.locator('[aria-posinset="10001"]').waitFor();
  });
});
