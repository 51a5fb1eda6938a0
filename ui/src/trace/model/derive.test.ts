import { expect, test } from "vitest";
import { arrived, randomTree } from "./columns.fixture";

test("parent, subtree and self time equal the naive answers on 200 random trees", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const rows = randomTree(seed, 300);
    const { derived } = arrived(rows);
    rows.forEach((row, i) => {
      let parent = i - 1;
      while (parent >= 0 && rows[parent]!.depth >= row.depth) parent--;
      expect(derived.parent[i]).toBe(row.depth === 0 ? -1 : parent);
      let end = i + 1;
      while (end < rows.length && rows[end]!.depth > row.depth) end++;
      expect(derived.subtree[i]).toBe(end - i);
      const covered = new Set<number>();
      for (let c = i + 1; c < end; c++)
        if (rows[c]!.depth === row.depth + 1)
          for (let at = rows[c]!.start; at < rows[c]!.start + rows[c]!.dur; at++)
            if (at >= row.start && at < row.start + row.dur) covered.add(at);
      expect(derived.self[i]).toBe(row.dur - covered.size);
    });
  }
}, 60_000);

test("a trace that comes in blocks equals one that came at once, also across a block's edge", () => {
  const rows = Array.from({ length: 40_000 }, (_, i) => ({
    depth: i % 7,
    start: i,
    dur: 5,
    service: "s",
    name: `n${i % 9}`,
  }));
  rows[0]!.depth = 0;
  const { columns, derived } = arrived(rows);
  expect(derived.rows).toBe(40_000);
  expect(columns.nameOf(39_999)).toBe(rows[39_999]!.name);
  const first = 39_900 - (39_900 % 7);
  expect([...derived.subtree.subarray(first, first + 7)]).toEqual([7, 6, 5, 4, 3, 2, 1]);
});

test("negative durations and depths that jump do no harm", () => {
  const { derived } = arrived([
    { depth: 0, start: 0, dur: -5, service: "s", name: "a" },
    { depth: 9, start: -3, dur: 2, service: "s", name: "b" },
  ]);
  expect([...derived.parent.subarray(0, 2)]).toEqual([-1, 0]);
  expect(derived.self[0]).toBe(0);
});
