// Every screen in English on a desktop, in Chinese on a phone, in both themes: accessible, nothing cut off down to the narrowest
// phone, nothing untranslated.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { createRequire } from "node:module";
import { launch } from "../browser.js";
import { answersOf, scenes } from "../scenes.js";
import { eventually, root } from "../platform.js";
import { liveSocket, startStage } from "../stage.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const texts = (language) => flatten(JSON.parse(readFileSync(`${root}/frontend/src/lib/i18n/${language}.json`, "utf8")));
const chinese = new Set(texts("zh"));
/** English sentences that are not Chinese ones too, like the name of the page. */
const english = texts("en").filter((text) => /[a-z]{2}/.test(text) && !chinese.has(text));
const looks = [
  { language: "en", themes: ["dark", "light"], viewport: { width: 1440, height: 900 } },
  { language: "zh", themes: ["light", "dark"], viewport: { width: 390, height: 844 }, hasTouch: true },
];
const widths = [1280, 768, 390, 320];

let browser;
let stage;
before(async () => {
  [browser, stage] = await Promise.all([launch(), startStage()]);
});
after(async () => {
  await browser?.close();
  await stage?.stop();
});

for (const [name, scene] of Object.entries(scenes)) {
  test(name, async () => {
    stage.answers = answersOf(scene);
    for (const look of looks) await inspect(scene, look);
  });
}

async function inspect(scene, { language, themes, ...options }) {
  const context = await browser.newContext({ reducedMotion: "reduce", locale: "en-US", ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && complaints.push(message.text()));
  await page.addInitScript(prefer, { language, theme: themes[0] });
  const tell = await liveSocket(page, () => scene.jobs ?? []);
  await page.goto(stage.url + scene.path);
  if (scene.act) await scene.act(page, tell);
  await page.locator(scene.ready ?? "main").first().waitFor();
  assert.deepEqual(complaints, [], "the page complained");
  if (language === "zh") assertTranslated(await page.evaluate(wordsOfThePage));
  await page.evaluate(axe);
  for (const theme of themes) {
    await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
    assert.deepEqual(await violations(page), [], `${language}, ${theme}`);
  }
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    let faults;
    const fits = async () => (faults = await page.evaluate(cutOff)).length === 0;
    // The wall is laid out anew a moment after the window.
    await eventually("all of it is laid out anew", fits, 5).catch(() => assert.deepEqual(faults, [], `${language}, ${width} px wide`));
  }
  await context.close();
}

/** Runs in the page, before anything of its own. */
function prefer({ language, theme }) {
  localStorage.setItem("sora.language", language);
  localStorage.setItem("sora.theme", theme);
}

async function violations(page) {
  const result = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(" | ")}`);
}

/** Runs in the page: whether it scrolls sideways, and what one presses that does not show whole. */
function cutOff() {
  const sideways = document.documentElement.scrollWidth - window.innerWidth;
  const faults = sideways > 0 ? [`the page scrolls sideways by ${sideways} px`] : [];
  const outside = (element, box) => {
    const { left, right } = element.getBoundingClientRect();
    return left < box.left - 1 || right > box.right + 1;
  };
  for (const element of document.querySelectorAll("button, a, input, select, textarea")) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest(".skip, .visually-hidden")) continue;
    const boxes = [{ left: 0, right: window.innerWidth }];
    for (let around = element.parentElement; around; around = around.parentElement) {
      if (getComputedStyle(around).overflowX !== "visible") boxes.push(around.getBoundingClientRect());
    }
    if (boxes.some((box) => outside(element, box))) faults.push(element.outerHTML.slice(0, 160));
  }
  return faults;
}

/** Runs in the page: what it says, seen or only heard. */
function wordsOfThePage() {
  const words = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest("code")) words.push(walker.currentNode.textContent.trim());
  for (const name of ["aria-label", "title", "placeholder", "alt"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) words.push(element.getAttribute(name).trim());
  }
  return words;
}

function assertTranslated(words) {
  const spoken = new Set(words);
  assert.deepEqual(english.filter((text) => spoken.has(text)), [], "these stand there in English");
  // A key that no language holds is shown as it is.
  assert.deepEqual(words.filter((text) => /^[a-z]+(\.[a-zA-Z_]+)+$/.test(text)), [], "these are keys");
}

function flatten(tree) {
  return Object.values(tree).flatMap((value) => (typeof value === "string" ? [value] : flatten(value)));
}
