// Opens HTML reports in Chromium, wide and narrow, light and dark, with and without script, and says what is wrong:
// requests to anywhere, words on the console, overflow, text that is hard to read, drawings without a text alternative.
//
//   node check.mjs PAGE.html…      CHROMIUM: the browser's path, default /usr/bin/chromium
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

const WIDTHS = [1280, 400];
const THEMES = ["light", "dark"];
// WCAG 2.2, success criterion 1.4.3.
const CONTRAST = 4.5;
const LARGE_CONTRAST = 3;

const pages = process.argv.slice(2);
if (pages.length === 0) {
  console.error("usage: node check.mjs PAGE.html…");
  process.exit(2);
}

/** Runs in the page: what does not fit, what cannot be read, what has no words. */
function inspect({ contrast, large }) {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    wrong.push(`the page is ${root.scrollWidth} px wide in a window of ${root.clientWidth} px`);
  }
  const channel = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const parse = (text) => {
    const [r, g, b, a = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
    return { r, g, b, a };
  };
  const over = (top, ground) => {
    const mix = (t, g) => t * top.a + g * (1 - top.a);
    return { r: mix(top.r, ground.r), g: mix(top.g, ground.g), b: mix(top.b, ground.b), a: 1 };
  };
  const luminance = ({ r, g, b }) =>
    0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const ratio = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const groundOf = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.a > 0) layers.push(color);
      if (color.a === 1) break;
    }
    return layers.reduceRight((ground, layer) => over(layer, ground), { r: 255, g: 255, b: 255, a: 1 });
  };
  const seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest("svg, script, style, .skip")) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? large : contrast;
    const ground = groundOf(element);
    const found = ratio(over(parse(style.color), ground), ground);
    if (found < needed) {
      const what = `contrast ${found.toFixed(2)} of "${node.textContent.trim().slice(0, 40)}" (needs ${needed})`;
      if (!seen.has(what)) wrong.push(what);
      seen.add(what);
    }
  }
  for (const drawing of document.querySelectorAll("svg")) {
    const named = (drawing.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
    const words = named.map((id) => document.getElementById(id)?.textContent ?? "").join("").trim();
    if (drawing.getAttribute("aria-hidden") !== "true" && !words) wrong.push("a drawing without words for it");
  }
  return wrong;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
let failures = 0;
for (const page of pages) {
  const url = pathToFileURL(resolve(page)).href;
  for (const width of WIDTHS) {
    for (const colorScheme of THEMES) {
      for (const javaScriptEnabled of [true, false]) {
        const context = await browser.newContext({
          viewport: { width, height: 900 },
          colorScheme,
          javaScriptEnabled,
        });
        const wrong = [];
        const tab = await context.newPage();
        tab.on("request", (request) => {
          if (request.url() !== url && !request.url().startsWith("data:")) wrong.push(`asks for ${request.url()}`);
        });
        tab.on("console", (message) => wrong.push(`console: ${message.text()}`));
        tab.on("pageerror", (error) => wrong.push(`script: ${error.message}`));
        await tab.goto(url, { waitUntil: "load" });
        // `evaluate` works without page scripts, too: what is folded stays folded, what is wide must scroll in its box.
        wrong.push(...(await tab.evaluate(inspect, { contrast: CONTRAST, large: LARGE_CONTRAST })));
        if ((await tab.locator("h1").count()) !== 1) wrong.push("one heading is needed");
        const where = `${page} at ${width} px, ${colorScheme}, ${javaScriptEnabled ? "with" : "without"} script`;
        for (const sentence of wrong) console.error(`${where}: ${sentence}`);
        failures += wrong.length;
        await context.close();
      }
    }
  }
}
await browser.close();
if (failures > 0) {
  console.error(`${failures} faults`);
  process.exit(1);
}
console.log(`${pages.length} pages are sound`);
