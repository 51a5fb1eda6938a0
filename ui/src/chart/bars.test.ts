import { expect, test } from "vitest";
import { bucketAt, layoutBars, niceCeil, timeTicks } from "./bars";

process.env.TZ = "Europe/Berlin";
const BOX = { width: 110, height: 60, left: 10, bottom: 10, top: 0 };
const BARS = { startMs: [0, 10, 20, 30], stepMs: 10, total: [100, 0, 1, 50], errors: [20, 0, 1, 0] };

test("bars stand on the ground, errors below the rest, and nothing above zero vanishes", () => {
  const { rects, top } = layoutBars(BARS, 0, 40, BOX);
  expect(top).toBe(100);
  expect(rects[0]).toMatchObject({ x: 10, errorY: 40, errorHeight: 10, okY: 0, okHeight: 40 });
  expect(rects[1]).toMatchObject({ okHeight: 0, errorHeight: 0 });
  expect(rects[2]).toMatchObject({ errorHeight: 1, okHeight: 0 });
  for (const rect of rects) expect(rect.x + rect.width).toBeLessThanOrEqual(BOX.width);
});

test("buckets that begin before the range are cut at its edge", () => {
  const { rects } = layoutBars(BARS, 5, 35, BOX);
  expect(rects[0]!.x).toBe(10);
  expect(rects[3]!.x + rects[3]!.width).toBeLessThanOrEqual(110);
});

test("a moment belongs to one bucket", () => {
  expect([-5, 0, 9, 10, 39, 99].map((ms) => bucketAt(BARS, ms))).toEqual([0, 0, 0, 1, 3, 3]);
  expect(bucketAt({ ...BARS, startMs: [] }, 0)).toBe(-1);
});

test("axes end on round numbers and begin at round local times", () => {
  expect([0, 1, 3, 17, 51, 100, 1001].map(niceCeil)).toEqual([1, 1, 5, 20, 100, 100, 2000]);
  const day = timeTicks(Date.parse("2026-11-24T00:30:00+01:00"), Date.parse("2026-11-25T00:30:00+01:00"), 6);
  expect(day.stepMs).toBe(216e5);
  expect(new Date(day.at[0]!).getHours()).toBe(6);
  expect(day.at.length).toBeLessThanOrEqual(6);
});
