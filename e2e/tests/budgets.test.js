// Prices and budgets in a real browser on the real platform: the price of a request and what is left are shown before it is sent, what
// exceeds a budget is refused, and costs are reported. SCREENSHOTS=FOLDER keeps screenshots.
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

[[model]]
name = "sora-2"
seconds = [10, 15]
sizes = ["1280x720", "720x1280"]
price = { per = "second", amount = "0.08" }
`;

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "20"], catalogue, shared: { BUDGET_PER_USER_PER_DAY: "3.00" } });
});
after(() => platform?.stop());

const screenshot = async (page, name) => {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
};
const priceLine = (page, text) => page.getByTestId("composer-price").filter({ hasText: text }).waitFor();

test("a request says what it costs, and one over budget is refused", async () => {
  const { page, close } = await openPage();
  try {
    // The first account is the administrator's.
    await signUp(page, platform.url);
    await priceLine(page, "1 video, about ¥0.80, ¥3.00 left today");
    await page.getByTestId("composer-prompt").fill("A paper boat");
    await screenshot(page, "budgets-composer");
    const job = await submitted(page, "A paper boat", () => page.getByTestId("composer-submit").click());
    await priceLine(page, "¥2.20 left today");
    await cards(page).inState("completed", job.id).waitFor();

    await page.getByTestId("composer-count").click();
    await page.getByRole("menuitemradio", { name: "4 videos" }).click();
    await priceLine(page, "4 videos, about ¥3.20, ¥2.20 left today. Over budget until");
    await page.getByTestId("composer-prompt").fill("Too many boats");
    await page.getByTestId("composer-submit").click();
    await page.getByTestId("composer-notice").getByText("This exceeds a budget, which resets").waitFor();
    assert.equal(await page.getByTestId("composer-prompt").inputValue(), "Too many boats", "the text is kept");
    await screenshot(page, "budgets-refused");

    await page.goto(`${platform.url}/account`);
    await page.getByTestId("spending").getByText("Certain: ¥0.80. Possible: ¥0.00.").waitFor();
    await page.getByTestId("spending").scrollIntoViewIfNeeded();
    await screenshot(page, "budgets-account");

    await page.goto(`${platform.url}/admin/users`);
    await page.getByTestId("admin-budget").click();
    await page.getByLabel("Per day (UTC)").fill("20.00");
    await screenshot(page, "budgets-user");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.goto(`${platform.url}/admin/costs`);
    await page.getByTestId("admin-costs-by").selectOption("upstream");
    await page.getByTestId("costs").getByText("relay").waitFor();
    await screenshot(page, "budgets-admin");
    await page.goto(platform.url);
    await priceLine(page, "¥19.20 left today");
    platform.check();
  } finally {
    await close();
  }
});

test("speaks Chinese and fits on a phone", async () => {
  const { page, close, assertNoErrors } = await openPage({ locale: "zh-CN", viewport: { width: 390, height: 844 } });
  try {
    await signUp(page, platform.url);
    await priceLine(page, "1 个视频，约 ¥0.80，今日剩余 ¥3.00");
    await screenshot(page, "budgets-zh");
    await page.goto(`${platform.url}/account`);
    await page.getByTestId("spending").getByText("剩余 ¥3.00（共 ¥3.00）").waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
    assertNoErrors();
  } finally {
    await close();
  }
});
