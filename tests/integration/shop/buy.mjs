// Shops in the page as a person does: looks around, opens a product, takes two, pays.
// usage: node buy.mjs URL DIRECTORY; leaves screenshots there, prints the trace of the load and that of paying, and errors.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [url, directory] = process.argv.slice(2);
const installed = createRequire(new URL("../../../ui/package.json", import.meta.url));
const { default: playwright } = await import(pathToFileURL(installed.resolve("playwright-core")).href);
const browser = await playwright.chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
page.setDefaultTimeout(60_000);
const errors = [];
page.on("pageerror", (error) => errors.push(error.message));
page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
const sent = {};
page.on("requestfinished", (request) => {
  if (!request.url().endsWith("/otlp/v1/traces")) return;
  for (const { scopeSpans } of request.postDataJSON().resourceSpans)
    for (const span of scopeSpans.flatMap(({ spans }) => spans)) (sent[span.traceId] ??= []).push(span.name);
});
const shot = async (name) => {
  await page.locator("main:not([aria-busy])").waitFor();
  await page.screenshot({ path: join(directory, `${name}.png`), animations: "disabled" });
};
const press = (name) => page.getByRole("button", { name, exact: true }).click();

await page.goto(url);
await page.locator(".card").first().waitFor();
const load = (await page.locator("meta[name=traceparent]").getAttribute("content")).slice(3, 35);
await shot("list");
await page.getByRole("searchbox").fill("kettle");
await page.getByRole("searchbox").press("Enter");
await page.getByRole("heading", { name: "kettle" }).waitFor();
await page.locator(".card").nth(1).click();
await page.locator(".product").waitFor();
await shot("product");
await press("Add to cart");
await page.getByRole("heading", { name: "Your cart" }).waitFor();
await press("+");
await page.locator("#pieces", { hasText: "2" }).waitFor();
await shot("cart");
await press("Pay now");
await page.locator("[data-order], [role=alert]").waitFor();
await page.locator("#trace code").waitFor();
await shot("paid");
const order = await page.locator("[data-order]").getAttribute("data-order");
const pay = await page.locator("#trace code").textContent();
// The instrumentation of fetch ends its spans a while after the answers, when the browser has told all times of them.
const all = (trace, ...names) => names.every((name) => sent[trace]?.includes(name));
while (!all(pay, "click pay", "pay", "POST", "GET") || !all(load, "documentLoad", "open shop", "POST", "GET"))
  await page.waitForEvent("requestfinished");
await browser.close();
console.log(JSON.stringify({ load, pay, order, errors }));
