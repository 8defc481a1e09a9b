// Opens each report as a reader would and lists everything that is wrong with it. Exit code 1 if anything is.
import { chromium } from "playwright-core";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = process.argv[2];
const problems = [];
const browser = await chromium.launch({
  executablePath: process.env.BROWSER_PATH || undefined,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic"],
});

for (const name of readdirSync(root).sort()) {
  const file = join(root, name, "report.html");
  for (const width of [1280, 400]) {
    for (const colorScheme of ["light", "dark"]) await look(file, name, { width, colorScheme });
  }
  await withoutScript(file, name);
  await onPaper(file, name);
  await sortAndFilter(file, name);
}
await browser.close();

for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? "reports: all well" : `reports: ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

/** A page that reports every request but its own, every message and every exception. */
async function open(file, where, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const own = pathToFileURL(file).href;
  await page.route("**/*", (route) => {
    const url = route.request().url();
    if (url === own || url.startsWith("data:")) return route.continue();
    problems.push(`${where}: fetches ${url}`);
    return route.abort();
  });
  page.on("console", (message) => problems.push(`${where}: console says ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`${where}: ${error.message}`));
  await page.goto(own);
  return { page, close: () => context.close() };
}

async function look(file, name, { width, colorScheme }) {
  const where = `${name} ${width} ${colorScheme}`;
  const { page, close } = await open(file, where, { viewport: { width, height: 900 }, colorScheme });
  await page.screenshot({ path: join(root, name, `screen-${width}-${colorScheme}.png`), fullPage: true });
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  for (const finding of await page.evaluate(inspect)) problems.push(`${where}: ${finding}`);
  await close();
}

/** Runs in the page: overflow, contrast, labels that cover each other. */
function inspect() {
  const found = [];
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) found.push(`the page is ${page.scrollWidth} px wide`);

  const visible = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const say = (element) => `"${element.textContent.trim().slice(0, 40)}"`;
  for (const element of document.querySelectorAll("body *")) {
    if (!visible(element) || element.closest(".scroll") || element.closest(".skip")) continue;
    const box = element.getBoundingClientRect();
    if (box.right > page.clientWidth + 0.5 || box.left < -0.5) {
      found.push(`<${element.localName}> ${say(element)} leaves the page: ${box.left.toFixed()}–${box.right.toFixed()}`);
    }
  }

  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, under) => {
    const mix = (x, y) => x * top.a + y * (1 - top.a);
    return { r: mix(top.r, under.r), g: mix(top.g, under.g), b: mix(top.b, under.b), a: 1 };
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    layers.push({ r: 255, g: 255, b: 255, a: 1 });
    return layers.reverse().reduce((under, top) => over(top, under));
  };
  const needed = (style) => {
    const size = parseFloat(style.fontSize);
    return size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
  };
  const judge = (element, ink, paper) => {
    const ratio = contrast(over(ink, paper), paper);
    if (ratio < needed(getComputedStyle(element))) found.push(`${say(element)} has a contrast of ${ratio.toFixed(2)}`);
  };

  for (const element of document.querySelectorAll("body *:not(script)")) {
    if (element instanceof SVGElement || !visible(element) || element.closest(".skip")) continue;
    const speaks = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const style = getComputedStyle(element);
    if (speaks && style.opacity !== "0") judge(element, parse(style.color), ground(element));
  }

  for (const drawing of document.querySelectorAll("svg")) {
    if (!visible(drawing)) continue;
    const edges = drawing.closest("section").getBoundingClientRect();
    const texts = [...drawing.querySelectorAll("text")].filter((text) => text.textContent.trim());
    const areas = [...drawing.querySelectorAll("rect, circle, polygon, path")];
    const boxes = texts.map((text) => text.getBoundingClientRect());
    texts.forEach((text, i) => {
      const box = boxes[i];
      if (box.left < edges.left - 2 || box.right > edges.right + 2) found.push(`label ${say(text)} leaves its section`);
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const under = areas.filter((area) => {
        const place = area.getBoundingClientRect();
        const before = area.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING;
        return before && place.left <= x && x <= place.right && place.top <= y && y <= place.bottom;
      });
      const paper = under.reduce((paper, area) => {
        const style = getComputedStyle(area);
        if (style.fill === "none") return paper;
        const fill = parse(style.fill);
        return over({ ...fill, a: fill.a * Number(style.opacity) }, paper);
      }, ground(drawing.parentElement));
      judge(text, parse(getComputedStyle(text).fill), paper);
      // Slanted labels have boxes far larger than themselves.
      if (text.hasAttribute("transform")) return;
      for (let j = i + 1; j < texts.length; j++) {
        if (texts[j].hasAttribute("transform")) continue;
        const other = boxes[j];
        const wide = Math.min(box.right, other.right) - Math.max(box.left, other.left);
        const high = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
        if (wide > 2 && high > 5) found.push(`labels ${say(text)} and ${say(texts[j])} cover each other`);
      }
    });
  }
  return found;
}

async function withoutScript(file, name) {
  const { page, close } = await open(file, `${name} without script`, {
    viewport: { width: 1280, height: 900 },
    javaScriptEnabled: false,
  });
  for (const selector of ["h1", "#glance .answers", "#glance .measures", "figure svg", "#what-was-seen table", "#definitions"]) {
    if (!(await page.locator(selector).first().isVisible())) problems.push(`${name} without script: no ${selector}`);
  }
  await page.locator("details summary").first().click();
  if (!(await page.locator("details table").first().isVisible())) {
    problems.push(`${name} without script: folded tables stay folded`);
  }
  await close();
}

async function onPaper(file, name) {
  const { page, close } = await open(file, `${name} on paper`, { viewport: { width: 1040, height: 900 }, colorScheme: "dark" });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  for (const finding of await page.evaluate(inspect)) problems.push(`${name} on paper: ${finding}`);
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  if (paper !== "rgb(255, 255, 255)") problems.push(`${name} on paper: the ground is ${paper}`);
  await page.pdf({ path: join(root, name, "report.pdf"), format: "A4" });
  await close();
}

async function sortAndFilter(file, name) {
  const { page, close } = await open(file, `${name} sorted`, { viewport: { width: 1280, height: 900 } });
  const table = page.locator("#how-fast table").first();
  const column = async () =>
    (await table.locator("tbody tr td:nth-child(3)").evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.key))));
  const button = table.locator("th:nth-child(3) button");
  for (const [direction, sign] of [["ascending", 1], ["descending", -1]]) {
    await button.click({ force: true });
    const keys = await column();
    const sorted = keys.every((key, i) => i === 0 || sign * (key - keys[i - 1]) >= 0);
    if (!sorted || keys.length < 2) problems.push(`${name}: ${direction} sorting gives ${keys}`);
  }
  const folded = page.locator("details:has(.filter)").first();
  if (await folded.count()) {
    await folded.evaluate((details) => (details.open = true));
    const all = await folded.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.textContent));
    const wanted = await folded.locator("tbody tr:first-child td:first-child").innerText();
    await folded.locator(".filter input").fill(wanted.split("\n")[0]);
    const shown = await folded.locator("tbody tr:visible").evaluateAll((rows) => rows.map((row) => row.textContent));
    const right = all.filter((row) => row.includes(wanted.split("\n")[0]));
    if (shown.length === 0 || shown.length === all.length || shown.join() !== right.join()) {
      problems.push(`${name}: the filter shows ${shown.length} of ${all.length} rows for ${wanted}`);
    }
  }
  await close();
}
