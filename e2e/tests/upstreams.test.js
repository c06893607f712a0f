// Several upstreams in a real browser on the real platform: a job passes over an upstream that is down, and administrators see and
// pause pools and upstreams. SCREENSHOTS=FOLDER keeps screenshots.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openPage, signUp } from "../browser.js";
import { cards, submitted } from "../journey.js";
import { start } from "../platform.js";

// Nothing listens at the first one.
const catalogue = (address) => `
[[upstream]]
name = "relay"
url = "http://127.0.0.1:1/v1/videos"
concurrency = 2

[[upstream]]
name = "spare"
url = "${address}/v1/videos"
token = "env:SORA_API_TOKEN"
concurrency = 2
poll_interval = "100ms"

[[pool]]
name = "paid"
upstreams = ["relay", { name = "spare", priority = 2 }]

[[model]]
name = "sora-2"
pool = "paid"
seconds = [10]
sizes = ["1280x720", "720x1280"]
`;

let platform;
before(async () => {
  platform = await start({ simulator: ["--pace", "20"], catalogue });
});
after(() => platform?.stop());

const screenshot = async (page, name) => {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
};

test("administrators see a failover and pause upstreams", async () => {
  const { page, close, assertNoErrors } = await openPage();
  try {
    await signUp(page, platform.url);
    const send = async (prompt) => {
      await page.getByTestId("composer-prompt").fill(prompt);
      await page.getByTestId("composer-submit").click();
    };
    const first = await submitted(page, "A paper boat", send);
    await cards(page).inState("completed", first.id).waitFor();

    await page.goto(`${platform.url}/admin/upstreams`);
    await page.getByText("Jobs are starting normally.").waitFor();
    const row = (name) => page.getByTestId("admin-upstreams").locator("tr", { hasText: name });
    assert.match(await row("relay").textContent(), /transient/);
    assert.match(await row("spare").textContent(), /100%/);
    await screenshot(page, "upstreams");

    await page.getByTestId("admin-upstream-pause-relay").click();
    await row("relay").getByText("Paused").waitFor();
    await page.getByTestId("admin-upstream-pause-spare").click();
    await page.getByText("No job starts: none of the providers below can be used.").waitFor();
    await screenshot(page, "upstreams-paused");

    await page.goto(platform.url);
    const second = await submitted(page, "Waits for an upstream", send);
    await cards(page).inState("pending", second.id).waitFor();
    await page.goto(`${platform.url}/admin/upstreams`);
    await page.getByTestId("admin-upstream-pause-spare").click();
    await page.getByText("Jobs are starting normally.").waitFor();
    await page.goto(platform.url);
    await cards(page).inState("completed", second.id).waitFor();
    assertNoErrors();
    platform.check();
  } finally {
    await close();
  }
});
