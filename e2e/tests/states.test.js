// What the page does when things go wrong or grow large, on the stage: nothing typed is lost, nothing is sent twice, and a long wall
// stays short in the document.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { developing, finished, job, openapi, signedIn, user } from "../data.js";
import { open } from "../browser.js";
import { liveSocket, startStage } from "../stage.js";

let stage;
before(async () => {
  stage = await startStage();
});
after(() => stage?.stop());

/** A page of someone signed in who has these jobs. */
async function enter(jobs, answers, script) {
  stage.answers = signedIn(jobs, answers);
  const browser = await open();
  try {
    const tell = await liveSocket(browser.page, () => jobs);
    await browser.page.goto(stage.url);
    await browser.page.getByTestId("composer-prompt").waitFor();
    await script(browser.page, tell);
  } finally {
    await browser.close();
  }
}

const body = async (request) => {
  let text = "";
  for await (const part of request) text += part;
  return JSON.parse(text);
};

test("a session that ends while sending comes back to the same draft, image and all", async () => {
  const expired = { status: 401, problem: "unauthenticated" };
  const answers = { "POST /api/videos": expired, "POST /api/images": { id: "image-1", width: 8, height: 8, size: 80 } };
  await enter([], answers, async (page) => {
    await page.getByTestId("composer-image-input").setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from("png") });
    await page.getByTestId("composer-image-remove").waitFor();
    await page.getByTestId("composer-prompt").fill("half a thought");
    await page.keyboard.press("Control+Enter");
    await page.getByTestId("auth-submit").waitFor();
    stage.answers["POST /api/auth/login"] = { user, expiresAt: "2099-01-01T00:00:00Z" };
    await page.locator('input[name="email"]').fill(user.email);
    await page.locator('input[name="password"]').fill("correct horse battery");
    await page.keyboard.press("Enter");
    await page.getByTestId("composer-image-remove").waitFor();
    assert.equal(await page.getByTestId("composer-prompt").inputValue(), "half a thought");
  });
});

test("a request without an answer is sent again under its key, and a new one under a new key", async () => {
  const seen = [];
  const answer = async ({ request }) => {
    seen.push({ key: request.headers["idempotency-key"], ...(await body(request)) });
    const one = job({ id: `job-${seen.length}`, status: "pending", prompt: seen.at(-1).prompt });
    return { job: one, jobs: [one] };
  };
  await enter([], { "POST /api/videos": answer }, async (page) => {
    const lost = async (route) => {
      const request = route.request();
      seen.push({ key: request.headers()["idempotency-key"], ...request.postDataJSON() });
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
  assert.deepEqual(seen.map(({ prompt }) => prompt), ["a fox", "a fox", "a fox"]);
  assert.equal(seen[0].key, seen[1].key);
  assert.notEqual(seen[1].key, seen[2].key);
});

test("what is asked for reaches the server: count, size, image, and what it is a remix of", async () => {
  let asked;
  const answer = async ({ request }) => {
    asked = await body(request);
    const jobs = [1, 2].map((number) => job({ id: `job-${number}`, status: "pending", prompt: asked.prompt }));
    return { job: jobs[0], jobs };
  };
  const [original] = finished(1);
  await enter([original], { "POST /api/videos": answer, "POST /api/images": { id: "image-1", width: 8, height: 8, size: 80 } }, async (page) => {
    await page.getByTestId("job-card").hover();
    await page.getByTestId("job-remix").click();
    for (const [chip, steps] of [["count", ["End", "ArrowUp", "ArrowUp"]], ["size", ["End"]], ["seconds", ["End"]]]) {
      await page.getByTestId(`composer-${chip}`).click();
      for (const key of [...steps, "Enter"]) await page.keyboard.press(key);
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

test("too many requests: it counts down, keeps the text, and can be sent when that is over", async () => {
  const limited = { status: 429, problem: "rate_limited", headers: { "retry-after": "2" } };
  await enter([], { "POST /api/videos": limited }, async (page) => {
    await page.getByTestId("composer-prompt").fill("a fox");
    await page.keyboard.press("Control+Enter");
    const notice = page.getByTestId("composer-notice");
    await notice.getByText("Try again in 2 seconds").waitFor();
    assert.equal(await page.getByTestId("composer-submit").getAttribute("aria-disabled"), "true");
    await notice.getByText("Try again in 1 second.").waitFor();
    await notice.getByText("You can try again now.").waitFor();
    assert.equal(await page.getByTestId("composer-prompt").inputValue(), "a fox");
    const one = job({ id: "job-1", status: "pending", prompt: "a fox" });
    stage.answers["POST /api/videos"] = { job: one, jobs: [one] };
    await page.getByTestId("composer-submit").click();
    await page.locator('[data-job-id="job-1"]').waitFor();
  });
});

test("a poster stands on the card; where there is none yet the video's beginning does, until the job tells of one", async () => {
  const [first, second] = finished(2);
  await enter([{ ...first, hasPoster: true }, { ...second, hasPoster: false }], {}, async (page, tell) => {
    await page.route("**/poster", (route) => {
      return route.fulfill({ contentType: "image/svg+xml", body: '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="9"/>' });
    });
    await page.reload();
    const card = ({ id }) => page.locator(`[data-job-id="${id}"]`);
    await card(first).locator('img[data-shown="true"]').waitFor();
    await card(second).locator("video[src]").waitFor();
    assert.equal(await card(first).locator("video[src]").count(), 0, "the video was fetched beside its poster");
    tell({ type: "job", ...second, hasPoster: true, seq: second.seq + 1 });
    await card(second).locator('img[data-shown="true"]').waitFor();
  });
});

test("files are dropped anywhere on the page, or pasted", async () => {
  let uploads = 0;
  const answer = () => ({ id: `image-${(uploads += 1)}`, width: 8, height: 8 });
  await enter([], { "POST /api/images": answer, "DELETE /api/images/image-1": {} }, async (page) => {
    await page.getByTestId("composer-image").waitFor();
    const give = (type) =>
      page.evaluate((kind) => {
        const data = new DataTransfer();
        data.items.add(new File(["png"], "a.png", { type: "image/png" }));
        const event = kind === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }) : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
        document.querySelector("h1").dispatchEvent(event);
      }, type);
    await give("drop");
    await page.locator('img[src="/api/images/image-1/content"]').waitFor();
    await give("paste");
    await page.locator('img[src="/api/images/image-2/content"]').waitFor();
    await page.getByTestId("composer-image-remove").click();
    await page.getByTestId("composer-image").waitFor();
  });
});

test("a server that describes nothing shows only what every server can do", async () => {
  const undescribed = { "GET /api/openapi.json": { status: 404, problem: "not_found" } };
  await enter(finished(3), undescribed, async (page) => {
    await page.getByTestId("job-card").first().waitFor();
    for (const control of ["composer-image", "composer-count"]) assert.equal(await page.getByTestId(control).count(), 0, control);
    await page.getByTestId("account-menu").click();
    assert.equal(await page.getByTestId("account-admin").count(), 0);
    await page.getByTestId("account-settings").click();
    await page.getByTestId("usage").waitFor();
    for (const section of ["api-keys", "sessions", "delete-account"]) assert.equal(await page.getByTestId(section).count(), 0, section);
  });
});

test("ten thousand jobs are on the wall and a screenful in the document, live and to the last", async () => {
  const many = finished(10_000);
  const first = developing[0];
  const page10k = { "GET /api/videos/jobs": { data: many.slice(0, 50), nextCursor: null } };
  await enter([first, ...many], page10k, async (page, tell) => {
    const drawn = () => page.getByTestId("job-card").count();
    await page.locator('[aria-setsize="10001"]').first().waitFor();
    assert((await drawn()) < 60, `${await drawn()} cards are drawn`);
    for (let seq = 2; seq < 200; seq += 1) tell({ type: "job", ...first, progress: Math.floor(seq / 2), seq });
    await page.getByTestId("job-status").filter({ hasText: "Generating 99 %" }).waitFor();
    await page.getByTestId("search").fill("lighthouse");
    await page.locator('[aria-setsize="1001"]').first().waitFor();
    await page.getByTestId("search").fill("");
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    await page.locator('[aria-posinset="10001"]').waitFor();
    assert((await drawn()) < 60, `${await drawn()} cards are drawn at the end`);
    await page.locator('[aria-posinset="10001"]').getByTestId("job-link").click();
    await page.getByTestId("video-player").waitFor();
    await page.keyboard.press("Escape");
    await page.locator('[aria-posinset="10001"]').waitFor();
  });
});
