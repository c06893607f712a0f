// What security asks of the page, in a real browser against the real platform: what script can reach, what the policy stops, what is
// left of somebody who has gone, and that text from outside stays text.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { open, signUp } from "../browser.js";
import { cards, submitted } from "../journey.js";
import { start } from "../platform.js";
import { signedIn, job } from "../data.js";
import { liveSocket, startStage } from "../stage.js";

const secret = "A secret meadow that nobody else may read of";
const attack = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "20"] });
});
after(() => platform?.stop());

/** Runs `script` with a page that is signed in. */
async function enter(script) {
  const browser = await open();
  try {
    await signUp(browser.page, platform.url);
    await script(browser.page, browser);
    platform.check();
  } finally {
    await browser.close();
  }
}

async function send(page, prompt) {
  const job = await submitted(page, prompt, async (text) => {
    await page.getByTestId("composer-prompt").fill(text);
    await page.getByTestId("composer-submit").click();
  });
  await cards(page).inState("completed", job.id).waitFor();
  return job;
}

test("no script can read the session: not as a cookie, in storage, in an address or in an answer", async () => {
  const answers = [];
  await enter(async (page, { context, requests }) => {
    page.on("response", async (answer) => {
      if (answer.url().includes("/api/auth/")) answers.push(await answer.text().catch(() => ""));
    });
    await send(page, secret);
    await page.reload();
    await page.getByTestId("job-card").first().waitFor();
    const [cookie] = await context.cookies();
    assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Lax"]);
    const reachable = await page.evaluate(async () => {
      const databases = await indexedDB.databases();
      return JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, databases, await caches.keys(), location.href]);
    });
    assert(!reachable.includes(cookie.value), "the session can be reached");
    assert.doesNotMatch(reachable, /eyJ[\w-]+\./, "a token can be reached");
    assert.equal(await page.evaluate(() => document.cookie), "");
    assert(requests.every((one) => !one.includes(cookie.value)), "the session stands in an address");
    assert(answers.every((text) => !text.includes(cookie.value)), "an answer tells the session");
  });
});

test("the policy stops inline script, foreign script and being framed; addresses are told to nobody", async () => {
  const frame = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end(`<iframe src="${platform.url}"></iframe>`));
  frame.listen(0, "127.0.0.1");
  await once(frame, "listening");
  try {
    await enter(async (page, { context }) => {
      const violated = await page.evaluate(async () => {
        const stopped = [];
        document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => stopped.push(effectiveDirective));
        const inline = document.createElement("script");
        inline.textContent = "window.broken = 1";
        const foreign = Object.assign(document.createElement("script"), { src: "https://example.com/a.js" });
        const ended = new Promise((done) => foreign.addEventListener("error", done));
        document.body.append(inline, foreign);
        document.body.insertAdjacentHTML("beforeend", '<a id="bait" onclick="window.broken=1">bait</a>');
        document.getElementById("bait").click();
        await ended;
        await new Promise((done) => setTimeout(done));
        return { stopped, broken: window.broken };
      });
      assert.equal(violated.broken, undefined, "inline script ran");
      for (const directive of ["script-src-elem", "script-src-attr"]) assert(violated.stopped.includes(directive), directive);
      const outside = await context.newPage();
      await outside.goto(`http://127.0.0.1:${frame.address().port}`);
      const inner = outside.frames()[1];
      assert.equal(await inner.locator("#root").count(), 0, "it can be framed");
    });
    const { headers } = await fetch(platform.url);
    assert.match(headers.get("content-security-policy"), /frame-ancestors 'none'/);
    assert.doesNotMatch(headers.get("content-security-policy"), /unsafe-/);
    assert.equal(headers.get("referrer-policy"), "same-origin");
  } finally {
    frame.closeAllConnections();
    frame.close();
  }
});

test("logging out in one tab ends the other, and neither it nor going back shows anything private", async () => {
  await enter(async (page, { context }) => {
    const job = await send(page, secret);
    await page.getByTestId("composer-prompt").fill("half a secret thought");
    const other = await context.newPage();
    await other.goto(`${platform.url}/videos/${job.id}`);
    await other.getByTestId("video-detail-prompt").waitFor();
    await page.getByTestId("account-menu").click();
    await page.getByTestId("account-logout").click();
    await page.getByTestId("auth-submit").waitFor();
    await other.getByTestId("auth-submit").waitFor();
    for (const one of [page, other]) {
      await one.goto(`${platform.url}/sign-up`);
      await one.getByTestId("auth-submit").waitFor();
      await one.goBack();
      await one.getByTestId("auth-submit").waitFor();
      const text = await one.content();
      assert(!text.includes("secret"), "it is still there");
      assert.equal(await one.locator("video, [role='menu']").count(), 0);
    }
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    assert(!kept.includes("secret"), "the draft or the last prompt is kept");
    assert.equal(await page.evaluate((id) => fetch(`/api/videos/jobs/${id}`).then(({ status }) => status), job.id), 401);
  });
});

test("a prompt is text, wherever it is shown", async () => {
  await enter(async (page, { assertQuiet }) => {
    const { id } = await send(page, attack);
    const { inState } = cards(page);
    await inState("completed", id).getByTestId("job-link").click();
    assert.equal(await page.getByTestId("video-detail-prompt").textContent(), attack);
    await page.getByTestId("job-delete").click();
    await page.getByTestId("job-remix").click();
    assert.equal(await page.getByTestId("composer-prompt").inputValue(), attack);
    await page.getByTestId("search").fill(attack.slice(0, 20));
    await inState("completed", id).waitFor();
    assert.equal(await page.evaluate(() => window.broken), undefined, "it ran");
    assert.equal(await page.locator("img[src='x']").count(), 0, "it became an element");
    assertQuiet();
  });
});

test("so are the reason of a refusal, a refused field's message and a file's name", async () => {
  const refused = job({ id: "fail-1", status: "failed", errorCode: "refused", prompt: attack, errorMessage: `The video service refused this prompt: ${attack}` });
  const stage = await startStage(
    signedIn([refused], {
      "POST /api/videos": { status: 422, problem: "invalid_fields", errors: [{ field: "prompt", code: "x", message: attack }] },
      "POST /api/images": { status: 422, problem: "invalid_fields", errors: [{ field: "image", code: "x", message: attack }] },
    }),
  );
  const { page, close } = await open();
  try {
    await liveSocket(page, () => [refused]);
    await page.goto(`${stage.url}/videos/fail-1`);
    assert.equal(await page.getByTestId("video-detail-reason").textContent(), attack);
    await page.goto(stage.url);
    await page.getByTestId("composer-prompt").fill("a fox");
    await page.keyboard.press("Control+Enter");
    await page.getByTestId("composer-notice").getByText(attack).waitFor();
    await page.getByTestId("composer-image-input").setInputFiles({ name: `${attack.replaceAll("/", "")}.png`, mimeType: "image/png", buffer: Buffer.from("png") });
    await page.locator('[data-testid="composer-image-error"]:not(:empty)').waitFor();
    assert.equal(await page.evaluate(() => window.broken), undefined, "it ran");
    assert.equal(await page.locator("img[src='x']").count(), 0, "it became an element");
  } finally {
    await close();
    await stage.stop();
  }
});
