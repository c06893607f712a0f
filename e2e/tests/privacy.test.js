// Security of the page, in a real browser on the real platform: what scripts can read, what the content security policy blocks,
// what remains after logging out, and that untrusted text is never interpreted as markup.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { openPage, signUp } from "../browser.js";
import { cards, submitted } from "../journey.js";
import { start } from "../platform.js";
import { signedIn, job } from "../fixtures.js";
import { fakeWebsocket, startFakeGateway } from "../fake-gateway.js";

const secret = "A secret meadow that nobody else may read of";
const attack = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "20"] });
});
after(() => platform?.stop());

/** Runs `script` with a signed-in page. */
async function enter(script) {
  const browser = await openPage();
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

test("scripts cannot read the session from cookies, storage, URLs or responses", async () => {
  const answers = [];
  await enter(async (page, { context, requests }) => {
    page.on("response", async (response) => {
      if (response.url().includes("/api/auth/")) answers.push(await response.text().catch(() => ""));
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
    assert(!reachable.includes(cookie.value), "a script can read the session");
    assert.doesNotMatch(reachable, /eyJ[\w-]+\./, "a script can read a token");
    assert.equal(await page.evaluate(() => document.cookie), "");
    assert(requests.every((one) => !one.includes(cookie.value)), "a URL contains the session");
    assert(answers.every((text) => !text.includes(cookie.value)), "a response contains the session");
  });
});

test("the policy blocks inline and third-party scripts and framing; no referrer is sent", async () => {
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
      assert.equal(await inner.locator("#root").count(), 0, "the page was framed");
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

test("logging out in one tab signs out the others and clears private data", async () => {
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
      assert(!text.includes("secret"), "private text is still shown");
      assert.equal(await one.locator("video, [role='menu']").count(), 0);
    }
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    assert(!kept.includes("secret"), "the draft or the last prompt is still stored");
    assert.equal(await page.evaluate((id) => fetch(`/api/videos/jobs/${id}`).then(({ status }) => status), job.id), 401);
  });
});

test("prompts are shown as text everywhere", async () => {
  await enter(async (page, { assertNoErrors }) => {
    const { id } = await send(page, attack);
    const { inState } = cards(page);
    await inState("completed", id).getByTestId("job-link").click();
    assert.equal(await page.getByTestId("video-detail-prompt").textContent(), attack);
    await page.getByTestId("job-delete").click();
    await page.getByTestId("job-remix").click();
    assert.equal(await page.getByTestId("composer-prompt").inputValue(), attack);
    await page.getByTestId("search").fill(attack.slice(0, 20));
    await inState("completed", id).waitFor();
    assert.equal(await page.evaluate(() => window.broken), undefined, "injected script ran");
    assert.equal(await page.locator("img[src='x']").count(), 0, "injected markup became an element");
    assertNoErrors();
  });
});

test("upstream messages, field errors and file names are shown as text", async () => {
  const refused = job({ id: "fail-1", status: "failed", errorCode: "refused", prompt: attack, errorMessage: `The video service refused this prompt: ${attack}` });
  const fakeGateway = await startFakeGateway(
    signedIn([refused], {
      "POST /api/videos": { status: 422, problem: "invalid_fields", errors: [{ field: "prompt", code: "x", message: attack }] },
      "POST /api/images": { status: 422, problem: "invalid_fields", errors: [{ field: "image", code: "x", message: attack }] },
    }),
  );
  const { page, close } = await openPage();
  try {
    await fakeWebsocket(page, () => [refused]);
    await page.goto(`${fakeGateway.url}/videos/fail-1`);
    assert.equal(await page.getByTestId("video-detail-reason").textContent(), attack);
    await page.goto(fakeGateway.url);
    await page.getByTestId("composer-prompt").fill("a fox");
    await page.keyboard.press("Control+Enter");
    await page.getByTestId("composer-notice").getByText(attack).waitFor();
    await page.getByTestId("composer-image-input").setInputFiles({ name: `${attack.replaceAll("/", "")}.png`, mimeType: "image/png", buffer: Buffer.from("png") });
    await page.locator('[data-testid="composer-image-error"]:not(:empty)').waitFor();
    assert.equal(await page.evaluate(() => window.broken), undefined, "injected script ran");
    assert.equal(await page.locator("img[src='x']").count(), 0, "injected markup became an element");
  } finally {
    await close();
    await fakeGateway.stop();
  }
});
