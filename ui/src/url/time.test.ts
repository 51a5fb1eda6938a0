import { expect, test } from "vitest";
import { isLive, parsePoint, pasteRange, presetOf, resolve, step, zoomOut } from "./time";

process.env.TZ = "Europe/Berlin";
const NOW = Date.parse("2026-11-24T15:00:00+01:00");
const at = (text: string): number => Date.parse(text);
const pair = (from: string, to: string) => ({ from: String(at(from)), to: String(at(to)) });

test.each([
  ["now", NOW],
  ["now-1h", NOW - 36e5],
  ["now - 1.5 h", NOW - 54e5],
  ["2026-11-24T14:02:11Z", at("2026-11-24T14:02:11Z")],
  ["2026-11-24T14:02:11.123456789+02:00", at("2026-11-24T14:02:11.123+02:00")],
  ["2026-11-24 14:02:11,5", at("2026-11-24T14:02:11.5+01:00")],
  ["2026-11-24 14:02:11 +0000", at("2026-11-24T14:02:11Z")],
  ["2026-11-24", at("2026-11-24T00:00:00+01:00")],
  ["1774000000", 1774000000000],
  ["1774000000.25", 1774000000250],
  ["1774000000123", 1774000000123],
  ["1774000000123456", 1774000000123],
  ["1774000000123456789", 1774000000123],
  ["14:02", at("2026-11-24T14:02:00+01:00")],
  ["24/Nov/2026:14:02:11 +0000", at("2026-11-24T14:02:11Z")],
  ["Nov 24 14:02:11", at("2026-11-24T14:02:11+01:00")],
  ["Dec 24 14:02:11", at("2025-12-24T14:02:11+01:00")],
  ["soon", null],
  ["", null],
])("%s is a moment", (text, ms) => expect(parsePoint(text, NOW)).toBe(ms));

test.each([
  ["last 2 hours", { from: "now-2h", to: "now" }],
  ["90m", { from: "now-90m", to: "now" }],
  ["now-2h", { from: "now-2h", to: "now" }],
  ["now-2h to now-1h", { from: "now-2h", to: "now-1h" }],
  ["14:02-15:00", pair("2026-11-24T14:02:00+01:00", "2026-11-24T15:00:00+01:00")],
  ["2026-11-24 14:02 – 2026-11-24 15:00", pair("2026-11-24T14:02:00+01:00", "2026-11-24T15:00:00+01:00")],
  ["2026-11-24T14:00:00Z/2026-11-24T15:00:00Z", pair("2026-11-24T14:00:00Z", "2026-11-24T15:00:00Z")],
  ["1774000000 - 1774003600", { from: "1774000000000", to: "1774003600000" }],
  ["1774000000000,1774003600000", { from: "1774000000000", to: "1774003600000" }],
  ["[2026-11-24T14:02:00Z] ERROR card declined", pair("2026-11-24T13:57:00Z", "2026-11-24T14:07:00Z")],
  ['10.0.0.1 - - [24/Nov/2026:14:02:00 +0000] "GET / HTTP/1.1"', pair("2026-11-24T13:57:00Z", "2026-11-24T14:07:00Z")],
  ["level=error ts=1774000000.5 msg=x", { from: "1773999700500", to: "1774000300500" }],
  ["nothing here", null],
])("%s is a range", (text, range) => expect(pasteRange(text, NOW)).toEqual(range));

test("a range that means nothing is the last hour", () => {
  expect(resolve({ from: "x", to: "y" }, NOW)).toEqual({ fromMs: NOW - 36e5, toMs: NOW });
  expect(resolve({ from: "now", to: "now-1h" }, NOW)).toEqual({ fromMs: NOW - 72e5, toMs: NOW - 36e5 });
});

test("steps keep the length, and meet the present as a live range", () => {
  const before = step({ from: "now-1h", to: "now" }, -1, NOW);
  expect(before).toEqual({ from: String(NOW - 72e5), to: String(NOW - 36e5) });
  expect(isLive(before)).toBe(false);
  expect(step(before, 1, NOW)).toEqual({ from: "now-1h", to: "now" });
  expect(presetOf(step(before, 1, NOW))).toBe("1h");
});

test("zooming out doubles and stays in the past", () => {
  expect(zoomOut({ from: "now-1h", to: "now" }, NOW)).toEqual({ from: "now-2h", to: "now" });
  expect(zoomOut({ from: String(NOW - 4e6), to: String(NOW - 2e6) }, NOW)).toEqual({
    from: String(NOW - 5e6),
    to: String(NOW - 1e6),
  });
});
