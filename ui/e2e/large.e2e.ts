/** A trace of 100,000 spans: opened whole, walked to its end and searched, with no more lines than fit in the document. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { clewUrl, otlpUrl, screenshot, withBrowser } from "./browser";
import { stored } from "./rich";

const run = promisify(execFile);
const open = withBrowser();
const SPANS = 100_000;
let id: string;

beforeAll(async () => {
  const load = ["-m", "clew.cli", "load", "--endpoint", otlpUrl(), "--big-trace", String(SPANS), "--json"];
  const { stdout } = await run(process.env.PYTHON ?? "python3", load);
  id = JSON.parse(stdout).trace_id;
  await stored(clewUrl(), id, SPANS);
});

test("a trace of 100,000 spans opens whole, scrolls to its end and is searched", async () => {
  const { page, errors, close } = await open(`${clewUrl()}/trace/${id}`);
  await page.waitForURL(/\/at\//);
  await page.getByText("100 k spans").first().waitFor();
  const box = page.locator(".tl-box");
  await box.focus();
  await page.keyboard.press("*");
  const lines = Number(await page.getByRole("treegrid").getAttribute("aria-rowcount"));
  expect(lines).toBeGreaterThan(1000);
  expect(await page.locator(".tl-row").count()).toBeLessThanOrEqual(60);
  await page.keyboard.press("End");
  const last = page.locator('.tl-row[aria-selected="true"]');
  await expect.poll(async () => Number(await last.getAttribute("aria-rowindex"))).toBe(lines);
  await page.mouse.move(300, 500);
  await page.mouse.wheel(0, -1_000_000_000);
  await expect.poll(() => page.locator('.tl-row[aria-rowindex="2"]:visible').count()).toBe(1);
  await page.getByRole("searchbox", { name: "Find in trace" }).fill("{ status = error }");
  await page.locator(".find-said").waitFor();
  await expect.poll(() => page.locator(".find-said").textContent()).toMatch(/^[1-9]/);
  await screenshot(page, "trace-100k");
  expect(errors).toEqual([]);
  await close();
});
