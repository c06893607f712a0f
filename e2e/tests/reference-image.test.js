// A picture to start from, in a real browser against the real platform: picked, shown, sent, kept beside the job, taken along by a
// remix; one that nobody wants is deleted, and what is no picture is refused in words.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open, signUp } from "../browser.js";
import { cards, submitted } from "../journey.js";
import { start } from "../platform.js";

const pixels = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGM4EaAhUnGHAUIBACR2BVGi90HzAAAAAElFTkSuQmCC", "base64");
const file = (name, buffer) => ({ name, mimeType: "image/png", buffer });

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "20"] });
});
after(() => platform?.stop());

test("a picture goes with the prompt, and one that is not wanted is deleted", async () => {
  const { page, requests, close } = await open();
  try {
    await signUp(page, platform.url);
    const input = page.getByTestId("composer-image-input");
    const thumb = page.locator('form img[src^="/api/images/"]');
    await input.setInputFiles(file("no picture.png", Buffer.from("<svg onload=alert(1)>")));
    await page.locator('[data-testid="composer-image-error"]:not(:empty)').waitFor();
    assert.equal(await thumb.count(), 0);

    await input.setInputFiles(file("one.png", pixels));
    await thumb.waitFor();
    await page.getByTestId("composer-image-remove").click();
    await page.getByTestId("composer-image").waitFor();
    await input.setInputFiles(file("two.png", pixels));
    await page.waitForFunction((image) => image.naturalWidth === 2, await thumb.elementHandle());
    const shown = await thumb.getAttribute("src");
    const job = await submitted(page, "A boat, from this picture", async (text) => {
      await page.getByTestId("composer-prompt").fill(text);
      await page.keyboard.press("Control+Enter");
    });
    assert.equal(`/api/images/${job.referenceImageId}/content`, shown);
    await cards(page).inState("completed", job.id).getByTestId("job-link").click();
    await page.locator(`[data-testid="video-detail"] img[src="/api/images/${job.referenceImageId}/content"]`).waitFor();
    await page.getByTestId("job-remix").click();
    await thumb.waitFor();
    await page.getByTestId("composer-image-remove").click();
    const status = await page.evaluate((id) => fetch(`/api/images/${id}`).then((answer) => answer.status), job.referenceImageId);
    assert.equal(status, 200, "the job's picture was deleted");
    assert.equal(requests.filter((one) => one.startsWith("DELETE /api/images/")).length, 1);
    platform.check();
  } finally {
    await close();
  }
});
