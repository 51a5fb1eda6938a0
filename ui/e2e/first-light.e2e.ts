/** The main job on real input: unmodified SDKs send, a person finds the trace and reads it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { clewUrl, expectAccessible, otlpUrl, screenshot, withBrowser } from "./browser";
import { visible } from "./send";

const run = promisify(execFile);
const open = withBrowser();
const base = clewUrl();
const SDK = new URL("../../tests/sdk/", import.meta.url).pathname;
const traces: Record<string, string> = {};

const journeys = [
  { sdk: "python", service: "python-shop", root: "POST /orders", child: "INSERT orders", key: "db.system.name" },
  { sdk: "node", service: "node-shop", root: "GET /cart", child: "SELECT cart", key: "db.system.name" },
];

beforeAll(async () => {
  const python = await run(process.env.PYTHON ?? "python3", [`${SDK}python/send.py`, otlpUrl()]);
  const node = await run(process.execPath, [`${SDK}node/send.mjs`, otlpUrl()]);
  Object.assign(traces, { python: python.stdout.trim(), node: node.stdout.trim() });
  for (const { sdk, service } of journeys) await visible(base, { traceId: traces[sdk]!, service });
});

for (const { sdk, service, root, child, key } of journeys) {
  test(`a trace of the ${sdk} SDK is searched, opened and read, and its permalink leads to the span`, async () => {
    const { page, errors, close } = await open(`${base}/explore`);
    await page.getByLabel("Service", { exact: true }).fill(service);
    await page.getByLabel("Service", { exact: true }).press("Enter");
    const row = page.locator('[role="grid"] [role="row"]', { hasText: root }).first();
    await row.waitFor();
    await row.click();
    await page.waitForURL((url) => url.pathname.startsWith(`/trace/${traces[sdk]}`));
    await page.getByRole("treegrid").getByText(child, { exact: true }).first().click();
    await page.getByText(key, { exact: true }).first().waitFor();
    await page.getByText("postgresql", { exact: true }).first().waitFor();
    await expectAccessible(page);
    await screenshot(page, `first-light-${sdk}`);
    await page.keyboard.press("y");
    await page.getByText("Link copied").waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toContain(`/trace/${traces[sdk]}/at/`);
    const again = await open(link);
    await again.page.getByText("postgresql", { exact: true }).first().waitFor();
    expect([...errors, ...again.errors]).toEqual([]);
    await again.close();
    await close();
  });
}
