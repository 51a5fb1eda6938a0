// Bundles page.js as a shop would, and uses the page in Chromium as a person does.
// usage: node open.mjs bundle FILE | node open.mjs click URL
import { createRequire } from "node:module";
import { dirname, basename } from "node:path";
import { pathToFileURL } from "node:url";

const installed = createRequire(new URL("../../../ui/package.json", import.meta.url));
const load = (name) => import(pathToFileURL(installed.resolve(name)).href);
const [what, where] = process.argv.slice(2);

async function bundle(file) {
  const { build } = await load("vite");
  await build({
    root: new URL(".", import.meta.url).pathname,
    configFile: false,
    logLevel: "warn",
    build: {
      outDir: dirname(file),
      rollupOptions: { input: "page.js", output: { entryFileNames: basename(file) } },
    },
  });
}

/** Opens the page, buys, stays until the spans are sent; prints the trace of the purchase and that of the page's load. */
async function click(url) {
  const { default: playwright } = await load("playwright-core");
  const browser = await playwright.chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  const sent = [];
  page.on("requestfinished", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/v1/traces")) sent.push(...spans(request.postDataJSON()));
  });
  await page.goto(url);
  await page.getByRole("button").click();
  const bought = page.locator("output:not(:empty)");
  await bought.waitFor();
  const buy = await bought.textContent();
  const loaded = await page.locator("meta[name=traceparent]").getAttribute("content");
  // The instrumentation of fetch ends its spans a while after the answer, when the browser has told all times of it.
  while (sent.filter((span) => span.traceId === buy).length < 3) await page.waitForEvent("requestfinished");
  await browser.close();
  console.log(JSON.stringify({ buy, load: loaded.slice(3, 35), errors }));
}

const spans = ({ resourceSpans }) => resourceSpans.flatMap((r) => r.scopeSpans.flatMap((scope) => scope.spans));

await { bundle, click }[what](where);
