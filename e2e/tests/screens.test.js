// Every page state in English on a desktop and in Chinese on a phone, in both themes: accessible, nothing cut off at any width,
// nothing untranslated.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { createRequire } from "node:module";
import { launch } from "../browser.js";
import { responsesFor, pageStates } from "../page-states.js";
import { eventually, root } from "../platform.js";
import { fakeWebsocket, startFakeGateway } from "../fake-gateway.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const texts = (language) => flatten(JSON.parse(readFileSync(`${root}/frontend/src/lib/i18n/${language}.json`, "utf8")));
const chinese = new Set(texts("zh"));
/** English texts that are not the same in Chinese, such as the product's name. */
const english = texts("en").filter((text) => /[a-z]{2}/.test(text) && !chinese.has(text));
const looks = [
  { language: "en", themes: ["dark", "light"], viewport: { width: 1440, height: 900 } },
  { language: "zh", themes: ["light", "dark"], viewport: { width: 390, height: 844 }, hasTouch: true },
];
const widths = [1280, 768, 390, 320];

let browser;
let fakeGateway;
before(async () => {
  [browser, fakeGateway] = await Promise.all([launch(), startFakeGateway()]);
});
after(async () => {
  await browser?.close();
  await fakeGateway?.stop();
});

for (const [name, pageState] of Object.entries(pageStates)) {
  test(name, async () => {
    fakeGateway.answers = responsesFor(pageState);
    for (const look of looks) await inspect(pageState, look);
  });
}

async function inspect(pageState, { language, themes, ...options }) {
  const context = await browser.newContext({ reducedMotion: "reduce", locale: "en-US", ...options });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && errors.push(message.text()));
  await page.addInitScript(prefer, { language, theme: themes[0] });
  const sendFrame = await fakeWebsocket(page, () => pageState.jobs ?? []);
  await page.goto(fakeGateway.url + pageState.path);
  if (pageState.act) await pageState.act(page, sendFrame);
  await page.locator(pageState.ready ?? "main").first().waitFor();
  assert.deepEqual(errors, [], "the page reported errors");
  if (language === "zh") assertTranslated(await page.evaluate(visibleTexts));
  await page.evaluate(axe);
  for (const theme of themes) {
    await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
    assert.deepEqual(await violations(page), [], `${language}, ${theme}`);
  }
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    let faults;
    const fits = async () => (faults = await page.evaluate(findOverflow)).length === 0;
    // The gallery's layout follows a resize after a moment.
    await eventually("the layout has followed the resize", fits, 5).catch(() => assert.deepEqual(faults, [], `${language}, ${width} px wide`));
  }
  await context.close();
}

/** Runs in the page before its own scripts. */
function prefer({ language, theme }) {
  localStorage.setItem("sora.language", language);
  localStorage.setItem("sora.theme", theme);
}

async function violations(page) {
  const result = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(" | ")}`);
}

/** Runs in the page: finds horizontal scrolling, and controls that are cut off. */
function findOverflow() {
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

/** Runs in the page: returns all texts, including those for screen readers. */
function visibleTexts() {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest("code")) texts.push(walker.currentNode.textContent.trim());
  for (const name of ["aria-label", "title", "placeholder", "alt"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) texts.push(element.getAttribute(name).trim());
  }
  return texts;
}

function assertTranslated(texts) {
  const shown = new Set(texts);
  assert.deepEqual(english.filter((text) => shown.has(text)), [], "untranslated texts");
  // A key without a translation is shown as it is.
  assert.deepEqual(texts.filter((text) => /^[a-z]+(\.[a-zA-Z_]+)+$/.test(text)), [], "missing translations");
}

function flatten(tree) {
  return Object.values(tree).flatMap((value) => (typeof value === "string" ? [value] : flatten(value)));
}
