// A catalogue of two models in a real browser on the real platform: the form follows the chosen model, says what does not fit, and
// sends only what the model can do. SCREENSHOTS=FOLDER keeps screenshots.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openPage, signUp } from "../browser.js";
import { cards, submitted } from "../journey.js";
import { start } from "../platform.js";

const catalogue = (address) => `
currency = "CNY"

[[upstream]]
name = "relay"
url = "${address}/v1/videos"
token = "env:SORA_API_TOKEN"

[[upstream]]
name = "gpu"
url = "${address}/v1/chat/completions"

[[pool]]
name = "default"
upstreams = ["relay"]

[[pool]]
name = "own"
upstreams = ["gpu"]

[[model]]
name = "sora-2"
title = { en = "Sora 2", zh = "Sora 2 标准版" }
pool = "default"
seconds = [10, 15]
sizes = ["1280x720", "1920x1080", "720x1280"]
reference_image = "no"
price = { per = "second", amount = "0.40" }

[[model]]
name = "wan-2.2"
title = { en = "Wan 2.2", zh = "万相 2.2" }
pool = "own"
seconds = [5]
sizes = ["480x832"]
reference_image = "required"
remix = false
status = "deprecated"
retires_on = 2027-03-31
`;

const image = {
  name: "boat.png",
  mimeType: "image/png",
  buffer: Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGM4EaAhUnGHAUIBACR2BVGi90HzAAAAAElFTkSuQmCC", "base64"),
};

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "20"], catalogue });
});
after(() => platform?.stop());

const notes = (page) => page.locator('[data-testid="composer-model-notes"] p').allTextContents();
const screenshot = async (page, name) => {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
};
const choose = async (page, chip, option) => {
  await page.getByTestId(`composer-${chip}`).click();
  if (chip === "model") await screenshot(page, `catalogue-menu-${option.replace(/\W/g, "-")}`);
  await page.getByRole("menuitemradio", { name: option }).click();
};

test("the form follows the model", async () => {
  const { page, close, assertNoErrors } = await openPage();
  try {
    await signUp(page, platform.url);
    await page.getByRole("button", { name: "Model: Sora 2" }).waitFor();
    assert.equal(await page.getByTestId("composer-image").count(), 0, "this model takes no image");
    await choose(page, "seconds", "15 s");
    await choose(page, "model", "Wan 2.2");
    await page.getByRole("button", { name: "Length: 5 s" }).waitFor();
    await page.getByRole("button", { name: "Aspect ratio: Portrait" }).waitFor();
    assert.deepEqual(await notes(page), [
      "Wan 2.2 is deprecated and available until Mar 31, 2027.",
      "Wan 2.2 does not support 15 s. 5 s is used.",
    ]);
    await screenshot(page, "catalogue-en");

    await page.getByTestId("composer-prompt").fill("A paper boat");
    await page.keyboard.press("Control+Enter");
    await page.getByText("Wan 2.2 needs a reference image. Add one.").waitFor();
    await page.getByTestId("composer-image-input").setInputFiles(image);
    await page.locator('form img[src^="/api/images/"]').waitFor();
    const job = await submitted(page, "A paper boat", () => page.getByTestId("composer-submit").click());
    assert.deepEqual([job.model, job.seconds, job.size, job.orientation], ["wan-2.2", 5, "480x832", "portrait"]);
    assert.ok(job.referenceImageId);
    assert.deepEqual(await notes(page), ["Wan 2.2 is deprecated and available until Mar 31, 2027."], "the rest was told once");
    await cards(page).inState("completed", job.id).getByTestId("job-link").click();
    await page.locator('[data-testid="video-detail"] dd', { hasText: "Wan 2.2" }).waitFor();

    await page.getByTestId("job-remix").click();
    await page.getByText("Wan 2.2 does not support remixes. This will be a new video.").waitFor();
    await choose(page, "model", "Sora 2");
    assert.deepEqual(await notes(page), [
      "Sora 2 does not support 5 s. 10 s is used.",
      "Sora 2 does not support 480p. 720p is used.",
      "Sora 2 does not take a reference image. It is not sent.",
    ]);
    await page.getByTestId("composer-remix").waitFor();
    await screenshot(page, "catalogue-remix");
    const remix = await submitted(page, "A paper boat", () => page.getByTestId("composer-submit").click());
    assert.deepEqual(
      [remix.model, remix.seconds, remix.size, remix.remixOf, remix.referenceImageId],
      ["sora-2", 10, "720x1280", job.id, null],
    );
    await cards(page).inState("completed", remix.id).waitFor();
    assertNoErrors();
    platform.check();
  } finally {
    await close();
  }
});

test("speaks Chinese and fits on a phone", async () => {
  const { page, close, assertNoErrors } = await openPage({ locale: "zh-CN", viewport: { width: 390, height: 844 } });
  try {
    await signUp(page, platform.url);
    await page.getByRole("button", { name: /Sora 2 标准版/ }).waitFor();
    await choose(page, "seconds", "15 秒");
    await choose(page, "model", "万相 2.2");
    await page.getByRole("button", { name: /万相 2.2/ }).waitFor();
    assert.deepEqual(await notes(page), ["万相 2.2 即将停用，可用至 2027年3月31日。", "万相 2.2 不支持 15 秒，改用 5 秒。"]);
    await screenshot(page, "catalogue-zh");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
    assertNoErrors();
  } finally {
    await close();
  }
});
