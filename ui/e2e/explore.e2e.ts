import { randomBytes } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { clewUrl, expectAccessible, screenshot, withBrowser } from "./browser";
import { type Sent, sendTrace, visible } from "./send";

const open = withBrowser();
const base = clewUrl();
const service = `pay-${randomBytes(4).toString("hex")}`;
let sent: Sent;

beforeAll(async () => {
  await sendTrace(service, "GET /cart");
  sent = await sendTrace(service);
  await visible(base, sent);
});

const query = (text: string): string => `${base}/explore?${new URLSearchParams({ q: text })}`;
const rows = '[role="grid"] [role="row"]';

test("a trace is found by service, operation, attribute, event and duration through the form", async () => {
  const { page, errors, close } = await open(`${base}/explore`);
  await page.getByLabel("Service", { exact: true }).fill(service);
  await page.getByLabel("Service", { exact: true }).press("Enter");
  await page.waitForFunction(([css]) => document.querySelectorAll(css!).length === 2, [rows]);
  await page.getByRole("combobox", { name: "Status" }).selectOption("error");
  await page.getByRole("button", { name: "Attribute" }).click();
  await page.getByPlaceholder("span.http.route").fill("resource.service.version");
  await page.getByPlaceholder("Value").fill("2.14.0");
  await page.getByPlaceholder("Value").press("Enter");
  await page.getByLabel("Min duration").fill("20ms");
  await page.getByLabel("Min duration").press("Enter");
  const wanted = `{ resource.service.name = "${service}" && status = error && resource.service.version = "2.14.0" && duration >= 20ms }`;
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe(wanted);
  expect(await page.getByLabel("Query", { exact: true }).inputValue()).toBe(wanted);
  expect(await page.locator(".chip").count()).toBe(4);
  expect(errors).toEqual([]);
  await close();
});

test("the same search by its address shows the rows, the exact total and the bars", async () => {
  const { page, errors, close } = await open(query(`{ resource.service.name = "${service}" }`));
  await page.getByText("2 traces (exact)").waitFor();
  expect(await page.locator(rows).count()).toBe(2);
  await page.getByText("2 spans, 0 with error").waitFor();
  expect(await page.locator(rows).first().textContent()).toContain("POST /pay");
  await screenshot(page, "explore-light");
  expect(errors).toEqual([]);
  await close();
});

test("j and Enter open the trace with the query, and Back returns to the list", async () => {
  const { page, close } = await open(query(`{ resource.service.name = "${service}" && name = "POST /pay" }`));
  await page.locator(rows).first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === `/trace/${sent.traceId}`);
  expect(new URL(page.url()).searchParams.get("span")).toBe(sent.rootSpan);
  expect(new URL(page.url()).searchParams.get("q")).toContain(service);
  await page.goBack();
  await page.locator(rows).first().waitFor();
  await close();
});

test("a pasted traceparent, a short id and a link open the trace", async () => {
  const { page, close } = await open(`${base}/explore`);
  const texts = [`00-${sent.traceId}-${sent.rootSpan}-01`, sent.traceId, `http://jaeger:16686/trace/${sent.traceId}`];
  for (const text of texts) {
    await page.goto(`${base}/explore`);
    await page.locator("canvas").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.insertText(text);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === `/trace/${sent.traceId}`);
  }
  await close();
});

test("dragging over the bars and Shift+arrows narrow the time range, and Back undoes it", async () => {
  const { page, close } = await open(query(`{ resource.service.name = "${service}" }`));
  await page.getByText("2 traces (exact)").waitFor();
  const box = (await page.locator("canvas").boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 2, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => new URL(page.url()).searchParams.get("from")).toMatch(/^\d{13}$/);
  await page.goBack();
  await expect.poll(() => new URL(page.url()).searchParams.get("from")).toBeNull();
  await page.getByText("2 traces (exact)").waitFor();
  await page.getByText("2 spans, 0 with error").waitFor();
  await page.keyboard.press("h");
  for (const key of ["ArrowLeft", "Shift+ArrowLeft", "Enter"]) await page.keyboard.press(key);
  await expect.poll(() => new URL(page.url()).searchParams.get("to")).toMatch(/^\d{13}$/);
  await close();
});

test("conditions that exclude everything name the one to drop, with its count", async () => {
  const { page, close } = await open(query(`{ resource.service.name = "${service}" && name = "no such" }`));
  await page.getByText("No trace matches").waitFor();
  await page.getByRole("button", { name: /Drop name = no such \(4 spans\)|Drop name = no such \(2 spans\)/ }).click();
  await page.locator(rows).first().waitFor();
  await close();
});

test("a wrong query says where and what to write", async () => {
  const { page, close } = await open(query("{ status = broken }"));
  const alert = page.getByRole("alert");
  await alert.waitFor();
  expect(await alert.textContent()).toContain('Put text in double quotes: "broken"');
  await close();
});

test.each(["light", "dark"] as const)("Explore and Pipeline pass axe in the %s theme", async (colorScheme) => {
  const { page, close } = await open(query(`{ resource.service.name = "${service}" }`), { colorScheme });
  await page.locator(rows).first().waitFor();
  await expectAccessible(page);
  await screenshot(page, `explore-${colorScheme}`);
  await page.goto(`${base}/pipeline`);
  await page.getByText("All spans that were received are accounted for.").waitFor();
  await expectAccessible(page);
  await screenshot(page, `pipeline-${colorScheme}`);
  await close();
});

test("a phone of 390 px shows the list without scrolling sideways", async () => {
  const { page, close } = await open(query(`{ resource.service.name = "${service}" }`), {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  await page.locator(rows).first().waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await screenshot(page, "explore-390");
  await page.locator(rows).first().getByRole("link").tap();
  await page.waitForURL((url) => url.pathname.startsWith("/trace/"));
  await close();
});

test("a search that is more than a conjunction is asked as text", async () => {
  const text = `{ resource.service.name = "${service}" && kind = server } >> { } | count() > 0`;
  const { page, errors, close } = await open(`${base}/explore`);
  const box = page.getByLabel("Query", { exact: true });
  await box.fill(text);
  await box.press("Enter");
  await page.getByText("so the form and the chips rest").waitFor();
  await page.locator(rows).first().waitFor();
  expect(await box.inputValue()).toBe(text);
  expect(await page.locator(".chip").count()).toBe(0);
  expect(errors).toEqual([]);
  await close();
});

test("a mistake is pointed at, with what to write instead", async () => {
  const { page, close } = await open(`${base}/explore`);
  const box = page.getByLabel("Query", { exact: true });
  await box.fill("{ service.name = 1 } | count() > 1");
  await box.press("Enter");
  await page.getByText("write resource.service.name").waitFor();
  expect(await page.locator(".query-error mark").textContent()).toBe("service.name");
  await close();
});

test("words that fit are offered while a query is written, stored values too", async () => {
  const { page, errors, close } = await open(`${base}/explore`);
  const box = page.getByLabel("Query", { exact: true });
  const offered = page.getByRole("listbox").getByRole("option");
  await box.pressSequentially("{ service.n");
  await offered.filter({ hasText: "resource.service.name" }).waitFor();
  await box.press("ArrowDown");
  await box.press("Enter");
  expect(await box.inputValue()).toBe("{ resource.service.name ");
  await box.pressSequentially(`= "${service.slice(0, 10)}`);
  const value = page.getByRole("option", { name: `"${service}"`, exact: true });
  await value.waitFor();
  await expectAccessible(page);
  await screenshot(page, "explore-words");
  await value.click();
  expect(await box.inputValue()).toBe(`{ resource.service.name = "${service}" `);
  await box.pressSequentially("}");
  await box.press("Escape");
  await box.press("Enter");
  await page.getByText("2 traces (exact)").waitFor();
  expect(errors).toEqual([]);
  await close();
});

test("a metrics query is drawn as lines, with its numbers and a trace behind them", async () => {
  const q = `{ resource.service.name = "${service}" } | quantile_over_time(duration, 0.5, 0.95) by (name)`;
  const { page, errors, close } = await open(query(q));
  const table = page.getByRole("table");
  await table
    .getByRole("row", { name: /POST \/pay/ })
    .first()
    .waitFor();
  expect(await table.getByRole("row", { name: /0\.95/ }).count()).toBeGreaterThan(1);
  await page.getByRole("group", { name: /Series over time/ }).focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => page.locator(".histogram-tip").textContent()).toMatch(/: /);
  await expectAccessible(page);
  await screenshot(page, "explore-series");
  await table.getByRole("link", { name: "trace" }).first().click();
  await page.waitForURL((url) => url.pathname.startsWith("/trace/"));
  expect(errors).toEqual([]);
  await close();
});

test("a comparison tells what sets the selected spans apart, and leads to them", async () => {
  const q = `{ resource.service.name =~ "${service}.*" } | compare({ status = error })`;
  const { page, errors, close } = await open(query(q));
  const table = page.getByRole("table");
  const kind = table.getByRole("row", { name: /^kind client/ });
  await page.getByText("2 selected spans, 2 others").waitFor();
  expect(await kind.textContent()).toMatch(/100 %.*0 %.*\+100\.0/);
  await expectAccessible(page);
  await screenshot(page, "explore-comparison");
  await kind.getByRole("link").click();
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("{ kind = client }");
  await page.locator(rows).first().waitFor();
  expect(errors).toEqual([]);
  await close();
});

test("a query is saved under a name, opened again and deleted", async () => {
  const name = `errors of ${service}`;
  const text = `{ resource.service.name = "${service}" && status = error }`;
  const { page, errors, close } = await open(query(text));
  await page.getByRole("button", { name: "Saved" }).click();
  await page.getByLabel("Name for this query").fill(name);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("button", { name, exact: true }).waitFor();
  await page.goto(`${base}/explore`);
  await page.getByRole("button", { name: "Saved" }).click();
  await page.getByRole("button", { name, exact: true }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe(text);
  await page.getByRole("button", { name: "Saved" }).click();
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await expect.poll(() => page.getByRole("button", { name, exact: true }).count()).toBe(0);
  expect(errors).toEqual([]);
  await close();
});
