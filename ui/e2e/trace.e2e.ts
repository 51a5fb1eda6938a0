/** Every interaction of the trace page, by mouse and by keys, on a trace that holds every kind of part. */
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { clewUrl, expectAccessible, screenshot, withBrowser } from "./browser";
import { type Rich, sendRich, stored } from "./rich";

const open = withBrowser();
const base = clewUrl();
const SPANS = 13;
let rich: Rich;
let url: string;

beforeAll(async () => {
  rich = await sendRich();
  url = `${base}/trace/${rich.traceId}`;
  await stored(base, rich.traceId, SPANS);
  await stored(base, rich.other, 1);
});

const selected = (page: Page) => page.locator('.tl-row[aria-selected="true"] .tl-span');
const line = (page: Page, name: string) => page.locator(".tl-row:visible", { hasText: name }).first();
const find = (page: Page) => page.getByRole("searchbox", { name: "Find in trace" });
const search = (page: Page, key: string) => expect.poll(() => new URL(page.url()).searchParams.get(key));

async function at(address = url, options = {}) {
  const opened = await open(address, options);
  opened.page.setDefaultTimeout(10_000);
  await opened.page.locator(".tl-row:visible").first().waitFor();
  await opened.page.waitForURL(/\/at\//);
  return opened;
}

/** Presses a key and expects the span of that name to be selected. */
async function leads(page: Page, key: string, name: string): Promise<void> {
  await page.keyboard.press(key);
  await expect.poll(() => selected(page).textContent(), { message: `after ${key}` }).toBe(name);
}

test("the header counts, the banner names what is missing, and lines fold equal siblings", async () => {
  const { page, errors, close } = await at();
  await page.getByRole("heading", { level: 1, name: `${rich.service} POST /pay` }).waitFor();
  const head = await page.locator(".trace-head").textContent();
  for (const part of ["100 ms", `${SPANS} spans`, "2 services", "2 errors"]) expect(head).toContain(part);
  await page.getByText("1 span has a parent that is not stored").waitFor();
  expect(await line(page, "cache.get").textContent()).toContain("×7");
  expect(await line(page, "SELECT card").textContent()).toContain("◉");
  expect(await page.locator(".tl-row.orphan:visible").textContent()).toContain("lost");
  expect(errors).toEqual([]);
  await close();
});

test("the mouse selects a line, opens and closes it, and opens a fold", async () => {
  const { page, errors, close } = await at();
  await line(page, "publish").locator(".tl-span").click();
  await expect.poll(() => selected(page).textContent()).toBe("publish");
  await line(page, "charge").locator(".tl-twist").click();
  await expect.poll(() => line(page, "SELECT card").count()).toBe(0);
  await line(page, "charge").locator(".tl-twist").click();
  await line(page, "SELECT card").waitFor();
  await line(page, "cache.get").locator(".tl-twist").click();
  await expect.poll(() => page.locator(".tl-row:visible", { hasText: "cache.get" }).count()).toBe(8);
  await search(page, "x").toBeTruthy();
  await page.reload();
  await expect.poll(() => page.locator(".tl-row:visible", { hasText: "cache.get" }).count()).toBe(8);
  expect(errors).toEqual([]);
  await close();
});

test("keys walk lines, siblings, parents, errors, the slowest child and the views", async () => {
  const { page, errors, close } = await at();
  await leads(page, "Home", "POST /pay");
  await leads(page, "ArrowDown", "charge");
  await leads(page, "ArrowRight", "SELECT card");
  await leads(page, "ArrowLeft", "charge");
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => line(page, "SELECT card").count()).toBe(0);
  await leads(page, "ArrowLeft", "POST /pay");
  await page.keyboard.press("*");
  await line(page, "SELECT card").waitFor();
  await leads(page, ">", "charge");
  await leads(page, "Shift+ArrowDown", "cache.get");
  await leads(page, "Shift+ArrowUp", "charge");
  await leads(page, "e", "SELECT card");
  await leads(page, "E", "charge");
  await leads(page, "o", "SELECT card");
  await leads(page, "End", "lost");
  await page.keyboard.press("i");
  await expect.poll(() => page.locator(".trace-detail").count()).toBe(0);
  await page.keyboard.press("i");
  await page.locator(".trace-detail").waitFor();
  await page.keyboard.press("2");
  await page.locator(".svc").waitFor();
  await search(page, "v").toBe("svc");
  await page.keyboard.press("1");
  await page.locator(".tl-row:visible").first().waitFor();
  expect(errors).toEqual([]);
  await close();
});

test("pressed on while the address follows late, the page never goes back", async () => {
  const { page, errors, close } = await at();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 20 });
  for (let round = 0; round < 3; round++) {
    await leads(page, "e", "charge");
    await page.waitForTimeout(230 + 15 * round);
    await leads(page, "e", "SELECT card");
    await page.waitForTimeout(230 + 15 * round);
    expect(await selected(page).textContent()).toBe("SELECT card");
  }
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await page.waitForURL(new RegExp(`/at/${rich.spans["SELECT card"]}`));
  expect(errors).toEqual([]);
  await close();
});

test("time is zoomed by keys, numbers and the brush; Back undoes one decision", async () => {
  const { page, errors, close } = await at();
  const from = page.getByLabel("From", { exact: true });
  await page.keyboard.press("w");
  await search(page, "z").toBeTruthy();
  const one = new URL(page.url()).searchParams.get("z");
  await page.keyboard.press("d");
  await search(page, "z").not.toBe(one);
  await page.goBack();
  await search(page, "z").toBe(one);
  await page.goBack();
  await search(page, "z").toBeNull();
  expect(await from.inputValue()).toBe("0ns");
  await page.goForward();
  await search(page, "z").toBe(one);
  for (const key of ["a", "s", "0"]) await page.keyboard.press(key);
  await search(page, "z").toBeNull();
  await page.keyboard.press("o");
  await page.keyboard.press("f");
  await search(page, "z").toMatch(/^[78]\d{6},5\d{7}$/);
  await page.getByRole("button", { name: "Show all" }).click();
  await search(page, "z").toBeNull();
  await from.fill("20ms");
  await from.press("Enter");
  await search(page, "z").toMatch(/^20000000,/);
  const box = (await page.locator(".minimap-box").boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
  await page.mouse.down();
  for (const share of [0.6, 0.7, 0.75]) {
    await page.mouse.move(box.x + box.width * share, box.y + 20);
    await page.waitForTimeout(300);
  }
  await page.mouse.up();
  await search(page, "z").toMatch(/^(49|50|51)\d{6},7\d{7}$/);
  await page.goBack();
  await search(page, "z").toMatch(/^20000000,/);
  expect(errors).toEqual([]);
  await close();
});

test("find marks, dims or keeps only matches, also by attributes, and n goes on", async () => {
  const { page, errors, close } = await at();
  await find(page).fill("gold-member");
  await page.locator(".tl-row.hit:visible", { hasText: "charge" }).waitFor();
  expect(await page.locator(".tl-row.hit:visible").count()).toBe(1);
  await page.getByRole("radio", { name: "dim" }).check({ force: true });
  await page.locator(".tl-row.faint:visible").first().waitFor();
  await search(page, "fm").toBe("dim");
  await page.getByRole("radio", { name: "only" }).check({ force: true });
  await expect.poll(() => page.locator(".tl-row:visible").count()).toBe(2);
  await search(page, "fm").toBe("only");
  await page.goBack();
  await search(page, "fm").toBe("dim");
  await page.locator(".tl-row.faint:visible").first().waitFor();
  await find(page).fill("{ status = error }");
  await expect.poll(() => page.locator(".tl-row.hit:visible").count()).toBe(2);
  await find(page).press("Escape");
  expect(await find(page).inputValue()).toBe("{ status = error }");
  await page.locator(".tl-box").focus();
  await leads(page, "Home", "POST /pay");
  await leads(page, "n", "charge");
  await leads(page, "n", "SELECT card");
  await leads(page, "N", "charge");
  await find(page).fill("{ status = ");
  await page.locator(".find-said.bad").waitFor();
  expect(errors).toEqual([]);
  await close();
});

test("the panel shows attributes, nested values, events, logs, the raw span, and copies", async () => {
  const { page, errors, close } = await at(`${url}/at/${rich.spans.charge}`);
  const panel = page.locator(".trace-detail");
  await panel
    .getByText('{"level":"gold"}')
    .or(panel.getByText("gold", { exact: false }))
    .first()
    .waitFor();
  await panel.getByText("service.version", { exact: true }).waitFor();
  await line(page, "SELECT card").locator(".tl-span").click();
  await panel.getByText("pool exhausted").waitFor();
  await panel.getByRole("tab", { name: /Events/ }).click();
  await panel.getByText("PoolTimeout").waitFor();
  await panel.getByRole("tab", { name: /Logs/ }).click();
  await panel.getByText("no connection in 30 ms").waitFor();
  await panel.getByRole("tab", { name: /Raw/ }).click();
  await panel.getByRole("button", { name: "Copy JSON" }).click();
  await page.getByText("Copied", { exact: true }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(rich.spans["SELECT card"]);
  await page.locator(".tl-box").focus();
  await page.keyboard.press("y");
  await page.getByText("Link copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${url}/at/${rich.spans["SELECT card"]}`);
  expect(errors).toEqual([]);
  await close();
});

test("links lead to the other trace and back; + and − search for a value", async () => {
  const { page, errors, close } = await at(`${url}/at/${rich.spans.publish}`);
  const panel = page.locator(".trace-detail");
  await panel.getByRole("tab", { name: /Links/ }).click();
  await panel.locator(".link a.mono").click();
  await page.waitForURL((to) => to.pathname.startsWith(`/trace/${rich.other}`));
  await panel.getByRole("tab", { name: /Links/ }).click();
  await panel.getByText("Spans that link to this one").waitFor();
  await panel.locator(".link a.mono").click();
  await page.waitForURL((to) => to.pathname === `/trace/${rich.traceId}/at/${rich.spans.publish}`);
  await line(page, "POST /pay").locator(".tl-span").click();
  const route = panel.locator(".attr", { hasText: "http.route" });
  await route.getByRole("link", { name: "Find traces with this value" }).click();
  await search(page, "q").toBe('{ span.http.route = "/pay" }');
  await page.goBack();
  await route.getByRole("link", { name: "Find traces without this value" }).click();
  await search(page, "q").toBe('{ span.http.route != "/pay" }');
  expect(errors).toEqual([]);
  await close();
});

test("a span that comes late appears in the open trace", async () => {
  const fresh = await sendRich();
  await stored(base, fresh.traceId, SPANS);
  const { page, errors, close } = await at(`${base}/trace/${fresh.traceId}/at/${fresh.spans.publish}`);
  await fresh.late("came late");
  await line(page, "came late").waitFor({ timeout: 20_000 });
  expect(await selected(page).textContent()).toBe("publish");
  expect(errors).toEqual([]);
  await close();
});

test("a trace that is not stored says so and offers what to do", async () => {
  const { page, close } = await open(`${base}/trace/${"0af7".repeat(8)}`, { allow: /404/ });
  await page.getByText("is not stored").waitFor();
  await page.getByRole("link", { name: "Search traces" }).waitFor();
  await expectAccessible(page);
  await screenshot(page, "trace-not-found");
  await close();
});

test.each(["light", "dark"] as const)("the trace page passes axe in the %s theme", async (colorScheme) => {
  const { page, errors, close } = await at(`${url}/at/${rich.spans["SELECT card"]}`, { colorScheme });
  await page.locator(".attr").first().waitFor();
  await expectAccessible(page);
  await screenshot(page, `trace-${colorScheme}`);
  expect(errors).toEqual([]);
  await close();
});

test("at 390 px the lines, the panel and the time fields are in reach", async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const { page, errors, close } = await at(url, phone);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  const from = page.getByLabel("From", { exact: true });
  await from.fill("10ms");
  await from.press("Enter");
  await search(page, "z").toMatch(/^10000000,/);
  await screenshot(page, "trace-390");
  expect(errors).toEqual([]);
  await close();
});
