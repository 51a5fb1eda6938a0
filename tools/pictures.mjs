// Takes pictures of pages: reads [{url, file, height}] from standard input, in an installed Chromium (CHROMIUM).
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const { chromium } = createRequire(new URL("../ui/package.json", import.meta.url))("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
for (const { url, file, height } of JSON.parse(await text(process.stdin))) {
  const page = await browser.newPage({ viewport: { width: 1280, height }, reducedMotion: "reduce" });
  await page.goto(url, { waitUntil: "networkidle" });
  await page.locator(url.includes("/trace/") ? "#span-part-panel" : "main").first().waitFor();
  await page.waitForFunction(() => !document.querySelector(".skeleton"));
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(1000);
  await page.screenshot({ path: file });
  await page.close();
}
await browser.close();
