/** States that a real server is seldom in, over a server of made-up answers; needs the built page, not Clew. */
import { type ChildProcess, spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAccessible, screenshot, withBrowser } from "./browser";

const SERVER = new URL("./fixture/server.mjs", import.meta.url).pathname;
const open = withBrowser();

/** Starts the fixture in a mode; the port is the system's choice. */
function fixture(mode: string): () => string {
  let child: ChildProcess;
  let url = "";
  beforeAll(async () => {
    child = spawn(process.execPath, [SERVER, "0", mode], { stdio: ["ignore", "pipe", "inherit"] });
    url = await new Promise((found) =>
      child.stdout!.on("data", (text) => found(/http:\S+/.exec(String(text))?.[0] ?? "")),
    );
  });
  afterAll(() => child?.kill());
  return () => url;
}

describe("with traces", () => {
  const url = fixture("full");

  test("more rows come while scrolling, and never more than fit are in the document", async () => {
    const { page, errors, close } = await open(`${url()}/explore`);
    await page.getByText("1,200 traces (exact) · 50 shown").waitFor();
    await page.locator(".traces-body").evaluate((list) => list.scrollTo(0, 50 * 28));
    await page.getByText("100 shown").waitFor();
    expect(await page.locator('[role="grid"] [role="row"]').count()).toBeLessThan(60);
    expect(errors).toEqual([]);
    await close();
  });

  test("x selects rows, and their ids are copied", async () => {
    const { page, close } = await open(`${url()}/explore`);
    await page.locator('[role="grid"] [role="row"]').first().waitFor();
    for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
    await page.getByRole("button", { name: "Copy trace ids" }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/^[0-9a-f]{32}\n[0-9a-f]{32}$/);
    await close();
  });

  test("the theme toggles with the full stop and stays after a reload", async () => {
    const { page, close } = await open(`${url()}/explore`, { colorScheme: "light" });
    await page.locator('[role="grid"] [role="row"]').first().waitFor();
    await page.keyboard.press(".");
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    await page.reload();
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(18, 21, 27)");
    await close();
  });

  test("the palette goes to pages, and help lists the keys", async () => {
    const { page, close } = await open(`${url()}/explore`);
    await page.locator('[role="grid"] [role="row"]').first().waitFor();
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("pipeline");
    await expectAccessible(page);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/pipeline");
    await close();
  });

  test("a pasted time changes the range, [ steps back and y copies a link with the range pinned", async () => {
    const { page, close } = await open(`${url()}/explore`);
    await page.locator('[role="grid"] [role="row"]').first().waitFor();
    await page.keyboard.press("t");
    await page.getByLabel("Paste a time or a range").fill("last 15 minutes");
    await page.getByLabel("Paste a time or a range").press("Enter");
    await expect.poll(() => new URL(page.url()).searchParams.get("from")).toBe("now-15m");
    await page.locator('[role="grid"] [role="row"]').first().waitFor();
    await page.keyboard.press("y");
    await page.getByText("Link copied").waitFor();
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    expect(Number(link.searchParams.get("to")) - Number(link.searchParams.get("from"))).toBe(15 * 60_000);
    await page.keyboard.press("[");
    await expect.poll(() => new URL(page.url()).searchParams.get("to")).toMatch(/^\d{13}$/);
    await close();
  });

  test("the bars have a table with the same numbers", async () => {
    const { page, close } = await open(`${url()}/explore`);
    await page.getByRole("button", { name: "As table" }).click();
    expect(await page.locator(".histogram-table tbody tr").count()).toBeGreaterThan(50);
    await expectAccessible(page);
    await close();
  });
});

describe("with nothing stored", () => {
  const url = fixture("empty");

  test("the empty page says how to send the first trace", async () => {
    const { page, close } = await open(`${url()}/explore`);
    await page.getByText("No trace has arrived yet").waitFor();
    await page.getByRole("tab", { name: "Python" }).click();
    expect(await page.getByRole("tabpanel").textContent()).toContain("opentelemetry-instrument");
    await expectAccessible(page);
    await screenshot(page, "state-no-data");
    await close();
  });
});

describe("with a search that fails", () => {
  const url = fixture("broken");

  test("the list says why, with hint and request id, and the page stays", async () => {
    const { page, close } = await open(`${url()}/explore`, { allow: /500/ });
    await page.getByText("the engine has failed").waitFor();
    await page.getByText("look at the log of the server").waitFor();
    await page.getByRole("button", { name: "Request req-0123456789" }).waitFor();
    expect(await page.locator("canvas").count()).toBe(1);
    await screenshot(page, "state-error");
    await close();
  });
});

describe("with an answer that is cut", () => {
  const url = fixture("partial");

  test("the banner says so and the total is a lower bound", async () => {
    const { page, close } = await open(`${url()}/explore`);
    await page.getByText("the row limit was reached").waitFor();
    await page.getByText("at least 1,200 traces").waitFor();
    await expectAccessible(page);
    await screenshot(page, "state-partial");
    await close();
  });
});

describe("with a slow search", () => {
  const url = fixture("slow");

  test("progress is shown, and Stop keeps what was found", async () => {
    const { page, close } = await open(`${url()}/explore`);
    await page.getByText("scanned 41 M spans").waitFor();
    await page.getByRole("button", { name: "Stop and keep" }).click();
    await page.getByText("Stopped; what was found so far is shown.").waitFor();
    await close();
  });
});

describe("with tokens", () => {
  const url = fixture("denied");

  test("401 leads to the sign-in page, and back after the token", async () => {
    const { page, close } = await open(`${url()}/explore?q=%7B%20status%20%3D%20error%20%7D`, { allow: /401/ });
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await expectAccessible(page);
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("This token is not known here.").waitFor();
    await page.getByLabel("Token").fill("secret");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/explore?q=*");
    await page.locator('[role="grid"] [role="row"]').first().waitFor();
    await close();
  });
});
