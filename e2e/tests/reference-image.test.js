// Reference images in a real browser on the real platform: picked, previewed, sent, kept with the job, and reused by a remix.
// Unused ones are deleted, and invalid files are rejected with a message.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, signUp } from "../browser.js";
import { cards, submitted } from "../journey.js";
import { start } from "../platform.js";

const pixels = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGM4EaAhUnGHAUIBACR2BVGi90HzAAAAAElFTkSuQmCC", "base64");
const file = (name, buffer) => ({ name, mimeType: "image/png", buffer });

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "20"] });
});
after(() => platform?.stop());

test("sends an image with the prompt, and deletes an unused one", async () => {
  const { page, requests, close } = await openPage();
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
    const status = await page.evaluate((id) => fetch(`/api/images/${id}`).then((response) => response.status), job.referenceImageId);
    assert.equal(status, 200, "the job's image was deleted");
    assert.equal(requests.filter((one) => one.startsWith("DELETE /api/images/")).length, 1);
    platform.check();
  } finally {
    await close();
  }
});
