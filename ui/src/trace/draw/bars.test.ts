import { expect, test } from "vitest";
import { arrived } from "../model/columns.fixture";
import { buildVisible } from "../model/visible";
import { wholeOf } from "../model/zoom";
import { BarPainter } from "./bars";
import { density } from "./minimap";
import { Scene, STYLE } from "./rects";

function painted(rows: Parameters<typeof arrived>[0], width = 1000): Scene {
  const { columns, derived } = arrived(rows);
  const closed = new Uint8Array(rows.length);
  const scene = new Scene();
  const visible = buildVisible(columns, derived, { closed });
  const window = wholeOf(columns.low, columns.high);
  const sheet = { columns, derived, visible, closed, slots: [3], match: null, dim: false, duration: String };
  new BarPainter(scene).paint(sheet, { topRow: 0, rowHeight: 24, width, height: 960, window });
  return scene;
}

const span = (depth: number, start: number, dur: number, status = 0) => ({
  depth,
  start,
  dur,
  service: "s",
  name: `${start}`,
  status,
});

test("self time is solid and the time of children at 45 %", () => {
  const { rects } = painted([span(0, 0, 1000), span(1, 200, 300)]);
  const top = Array.from({ length: rects.length }, (_, i) => i).filter((i) => rects.y[i]! < 24);
  expect(top.map((i) => [rects.style[i], Math.round(rects.x[i]!)])).toEqual([
    [3, 0],
    [3 + STYLE.children, 200],
    [3, 499],
  ]);
});

test("a hundred thousand children cost no more rectangles than there are pixels", () => {
  const rows = [span(0, 0, 1e6)];
  for (let i = 0; i < 100_000; i++) rows.push(span(1, i * 10, 4));
  const { rects } = painted(rows);
  expect(rects.length).toBeLessThan(3000);
});

test("a span without duration is still seen, and an error is hatched", () => {
  const { rects } = painted([span(0, 0, 0, 2)]);
  expect(rects.length).toBe(2);
  expect(rects.w[0]).toBeGreaterThanOrEqual(2);
  expect([...rects.style.subarray(0, 2)]).toContain(STYLE.errorHatch);
});

test("the overview counts every span that runs in a pixel column", () => {
  const { columns } = arrived([span(0, 0, 100), span(1, 0, 50), span(1, 50, 50, 2)]);
  const found = density(columns, { from: 0, to: 100 }, 10, null);
  expect(found.running[0]).toBe(2);
  expect(found.errors[5]).toBe(1);
});
