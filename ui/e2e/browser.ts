/** Chromium for the browser tests: a page that fails its test on any error of its own, and on any call elsewhere. */
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";

const ARGUMENTS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
export const ARTIFACTS = new URL("../../artifacts/browser/", import.meta.url).pathname;
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** The Clew under test. */
export function clewUrl(): string {
  const url = process.env.CLEW_URL;
  if (!url) throw new Error("set CLEW_URL to a running Clew, for example http://127.0.0.1:4319");
  return url.replace(/\/$/, "");
}

/** Where that Clew takes OTLP over HTTP. */
export function otlpUrl(): string {
  return (process.env.CLEW_OTLP_URL ?? "http://127.0.0.1:4318").replace(/\/$/, "");
}

export interface Opened {
  page: Page;
  /** Errors of the page and of its console so far. */
  errors: string[];
  close: () => Promise<void>;
}

/** Starts one browser for the file; the returned function opens a page in a context of its own. */
export function withBrowser(): (url: string, options?: BrowserContextOptions & { allow?: RegExp }) => Promise<Opened> {
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(ARTIFACTS, { recursive: true });
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ARGUMENTS.split(" "),
    });
  });
  afterAll(async () => browser?.close());
  return async (url, { allow, ...options } = {}) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !allow?.test(message.text())) errors.push(message.text());
    });
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== new URL(url).origin) errors.push(`call to ${request.url()}`);
    });
    await page.goto(url);
    return { page, errors, close: () => context.close() };
  };
}

interface AxeResult {
  violations: { id: string; help: string; nodes: { target: string[]; failureSummary?: string }[] }[];
}

/** Fails with the rule and the place of whatever axe finds wrong. */
export async function expectAccessible(page: Page): Promise<void> {
  const { readFile } = await import("node:fs/promises");
  await page.evaluate(await readFile(AXE, "utf8"));
  const result = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as AxeResult;
  const found = result.violations.map(
    (v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${n.target} ${n.failureSummary}`).join("\n")}`,
  );
  expect(found).toEqual([]);
}

export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${ARTIFACTS}${name}.png` });
}
