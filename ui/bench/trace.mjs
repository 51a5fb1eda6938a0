/** Opens a trace in Chromium and prints as JSON what the page's main thread took: `node bench/trace.mjs URL`. */
import { chromium } from "playwright-core";

const ARGUMENTS = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync";
const url = process.argv[2];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [...ARGUMENTS.split(" "), "--enable-precise-memory-info", "--js-flags=--expose-gc"],
});

/** Times every animation frame's callbacks and notes when parts of the page were there first. */
function watch() {
  const seen = {};
  const frames = [];
  const plain = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) =>
    plain((at) => {
      const began = performance.now();
      callback(at);
      frames.push(performance.now() - began);
    });
  const look = () => {
    const note = (name, there) => {
      if (!(name in seen) && there) seen[name] = performance.now();
    };
    note("header_ms", document.querySelector(".trace-head h1"));
    note("rows_ms", document.querySelector('.tl-row[aria-level]:not([style*="display: none"])'));
    note("interactive_ms", document.querySelector('.tl-row[aria-selected="true"]'));
    if (!("interactive_ms" in seen)) plain(look);
  };
  plain(look);
  window.bench = { seen, frames };
}

const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0;

async function scroll(page) {
  const box = await page.locator(".tl-box").boundingBox();
  await page.mouse.move(box.x + 100, box.y + 100);
  await page.evaluate(() => {
    window.bench.frames.length = 0;
  });
  for (let i = 0; i < 120; i++) {
    await page.mouse.wheel(0, i % 4 === 3 ? 4000 : 240);
    await page.waitForTimeout(8);
  }
  return page.evaluate(() => window.bench.frames.slice());
}

async function zoom(page) {
  await page.locator(".tl-box").focus();
  await page.evaluate(() => {
    window.bench.frames.length = 0;
  });
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("wdas"[i % 4]);
    await page.waitForTimeout(8);
  }
  return page.evaluate(() => window.bench.frames.slice());
}

async function heap(page) {
  await page.evaluate(() => window.gc?.());
  return page.evaluate(() => performance.memory.usedJSHeapSize / 1e6);
}

const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.addInitScript(watch);
await page.goto(new URL("/pipeline", url).href);
const idle = await heap(page);
await page.goto(url);
await page.waitForURL(/\/at\//, { timeout: 60_000 });
const seen = await page.evaluate(() => window.bench.seen);
await page.keyboard.press("*");
const scrolled = await scroll(page);
const zoomed = await zoom(page);
const used = await heap(page);
const told = {
  ...seen,
  scroll_p95_ms: quantile(scrolled, 0.95),
  scroll_p99_ms: quantile(scrolled, 0.99),
  zoom_p95_ms: quantile(zoomed, 0.95),
  heap_mb: used - idle,
};
console.log(JSON.stringify(Object.fromEntries(Object.entries(told).map(([k, v]) => [k, Math.round(v * 100) / 100]))));
await browser.close();
