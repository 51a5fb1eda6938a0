import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { contrast, labelOn } from "./contrast";
import { badgeOf, PALETTES, type Palette, SERVICE_HUES, serviceColor, slotOf } from "./tokens";

const SURFACES = ["bg", "surface", "sunken", "raised", "selected", "hover"] as const;
const TEXTS = ["text", "text2", "text3", "accent", "error", "warn", "ok"] as const;
const SOFT = { error: "errorSoft", warn: "warnSoft", ok: "okSoft" } as const;
const kebab = (name: string): string => name.replace(/[A-Z0-9]/g, (c) => `-${c.toLowerCase()}`);

describe.each(["light", "dark"] as const)("%s theme", (theme) => {
  const p: Palette = PALETTES[theme];

  test("every text colour is readable on every surface, selected rows included", () => {
    for (const text of TEXTS)
      for (const surface of SURFACES)
        expect(contrast(p[text], p[surface]), `${text} on ${surface}`).toBeGreaterThanOrEqual(4.9);
    for (const surface of SURFACES) expect(contrast(p.text, p[surface])).toBeGreaterThanOrEqual(5);
  });

  test("coloured text is readable on its soft fill, and text on matches and buttons", () => {
    for (const [text, soft] of Object.entries(SOFT))
      expect(contrast(p[text as keyof Palette], p[soft])).toBeGreaterThanOrEqual(4.9);
    expect(contrast(p.text, p.match)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(p.onAccent, p.accent)).toBeGreaterThanOrEqual(4.5);
  });

  test("strong borders and service colours stand out from the background", () => {
    for (const surface of ["bg", "surface"] as const) {
      expect(contrast(p.borderStrong, p[surface])).toBeGreaterThanOrEqual(3);
      for (const hue of SERVICE_HUES[theme]) expect(contrast(hue, p[surface]), hue).toBeGreaterThanOrEqual(3);
    }
    for (const hue of SERVICE_HUES[theme]) expect(contrast(hue, labelOn(hue))).toBeGreaterThanOrEqual(4.5);
  });

  test("the style sheet carries the same colours", () => {
    const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
    for (const [name, value] of Object.entries(p)) {
      const pair = new RegExp(`--${kebab(name)}: light-dark\\((#\\w+), (#\\w+)\\);`).exec(css);
      expect(pair?.[theme === "light" ? 1 : 2], name).toBe(value.toLowerCase());
    }
  });
});

test("a slot has one hue and one texture, for any number", () => {
  expect(serviceColor(0, "light")).toEqual({ color: "#703500", texture: "solid" });
  expect(serviceColor(9, "light")).toEqual({ color: "#6F8E2F", texture: "hatch" });
  expect(serviceColor(23, "dark")).toEqual({ color: "#C797B4", texture: "dots" });
  expect(serviceColor(24, "dark")).toEqual(serviceColor(0, "dark"));
});

test("a service has the slot that the server gives it, and a badge of two letters", () => {
  expect(["checkout", "über.dienst", ""].map(slotOf)).toEqual([6, 10, 0]);
  expect(["checkout", "payment-gateway", "a", "über.dienst", ""].map(badgeOf)).toEqual(["CH", "PG", "A", "ÜD", "?"]);
});
