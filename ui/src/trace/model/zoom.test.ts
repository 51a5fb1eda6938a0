import { expect, test } from "vitest";
import { clampTo, panBy, parseZoom, printZoom, tickStep, wholeOf, windowAbout, zoomAt } from "./zoom";

const whole = wholeOf(0, 1e9);

test("the moment under the pointer stays where it is", () => {
  const near = zoomAt(whole, whole, 3e8, 0.25, 1000);
  const before = (3e8 - whole.from) / (whole.to - whole.from);
  expect((3e8 - near.from) / (near.to - near.from)).toBeCloseTo(before, 9);
});

test("no window is nearer than a nanosecond a pixel or outside the trace", () => {
  const near = zoomAt(whole, whole, 5e8, 1e-12, 1000);
  expect(near.to - near.from).toBeCloseTo(1000, 6);
  expect(clampTo(whole, { from: -5e9, to: 9e9 }, 1000)).toEqual(whole);
  expect(panBy(whole, { from: 0, to: 100 }, -5).from).toBe(0);
});

test("one span without duration has a window", () => {
  const point = wholeOf(7, 7);
  expect(point.to).toBeGreaterThan(point.from);
  expect(windowAbout(point, 7, 7, 800).to).toBeGreaterThan(7);
});

test("a window survives the way through the address", () => {
  expect(parseZoom(printZoom({ from: 12, to: 3456 }))).toEqual({ from: 12, to: 3456 });
  for (const bad of ["", "1", "5,5", "9,1", "a,b", undefined]) expect(parseZoom(bad)).toBeNull();
});

test("ticks are 1, 2 or 5 times a power of ten", () => {
  expect(tickStep({ from: 0, to: 1e9 }, 1000)).toBe(1e8);
  expect(tickStep({ from: 0, to: 10 }, 1000)).toBe(1);
});
