import { expect, test } from "vitest";
import { layoutLines, nearest } from "./lines";

const box = { width: 110, height: 120, left: 10, bottom: 20, top: 0 };

test("points stand at their time and value, and a gap parts a line", () => {
  const lines = {
    timesMs: [0, 50, 100],
    values: [
      [0, 10, null],
      [5, null, 10],
    ],
  };
  const { runs, top, low } = layoutLines(lines, 0, 100, box);
  expect([top, low]).toEqual([10, 0]);
  expect(runs[0]).toEqual([
    [
      { x: 10, y: 100 },
      { x: 60, y: 0 },
    ],
  ]);
  expect(runs[1]).toEqual([[{ x: 10, y: 50 }], [{ x: 110, y: 0 }]]);
});

test("values below zero lower the ground", () => {
  const { runs, low } = layoutLines({ timesMs: [0], values: [[-10], [10]] }, 0, 1, box);
  expect(low).toBe(-10);
  expect(runs.map((run) => run[0]![0]!.y)).toEqual([100, 0]);
});

test("the nearest time is found", () => {
  expect(nearest([0, 10, 20], 14)).toBe(1);
  expect(nearest([], 14)).toBe(-1);
});
