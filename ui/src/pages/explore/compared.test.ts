import { expect, test } from "vitest";
import type { Series } from "../../api/types";
import { comparison } from "./compared";

const one = (meta: string, key: string, type: string, value: string | number | boolean, ...values: (number | null)[]) =>
  ({
    labels: [
      { key: "__meta_type", type: "string", value: meta },
      { key, type, value },
    ],
    values,
    exemplars: [],
  }) as Series;

test("a value is told as its share of the selected spans and of the others, the largest difference first", () => {
  const found = comparison([
    one("selection", "status", "status", "error", 6, null, 2),
    one("selection", "status", "status", "ok", 0, 2),
    one("selection_total", "status", "string", "nil", 6, 2, 2),
    one("baseline", "status", "status", "ok", 90),
    one("baseline_total", "status", "string", "nil", 90),
    one("selection", "span.version", "string", 'a"b', 5),
    one("selection_total", "span.version", "string", "nil", 5),
  ])!;
  expect(found.spans).toEqual({ selection: 10, baseline: 90 });
  expect(found.rows.map(({ q, selection, baseline }) => [q, selection.share, baseline.share])).toEqual([
    ["{ status = error }", 0.8, 0],
    ["{ status = ok }", 0.2, 1],
    ['{ span.version = "a\\"b" }', 0.5, 0],
  ]);
});

test("of a value beyond the listed ones of a side no more is said than how many spans are left for it", () => {
  const found = comparison([
    one("selection", "name", "string", "rare", 4),
    one("selection_total", "name", "string", "nil", 4),
    one("baseline", "name", "string", "often", 70),
    one("baseline", "name", "string", "seldom", 20),
    one("baseline_total", "name", "string", "nil", 100),
  ])!;
  const rare = found.rows.find(({ value }) => value === '"rare"')!;
  expect(rare.baseline).toEqual({ share: 0.1, most: true });
  expect(found.rows.find(({ value }) => value === '"often"')!.selection).toEqual({ share: 0, most: false });
});

test("other series are no comparison", () => {
  const rate = { labels: [{ key: "name", type: "string", value: "GET" }], values: [1], exemplars: [] } as Series;
  expect(comparison([rate])).toBeNull();
});
