import { expect, test } from "vitest";
import type { Series } from "../../api/types";
import { formatOf, nameOf, shown } from "./series";

const one = (labels: Series["labels"], values: Series["values"]): Series => ({ labels, values, exemplars: [] });

test("durations are written with their unit, numbers short", () => {
  const seconds = formatOf("{ } | quantile_over_time(duration, 0.95) by (resource.service.name)");
  expect(seconds(0.0415)).toBe("41.5 ms");
  expect(formatOf("{ } | rate()")(0.12345)).toBe("0.123");
  expect(formatOf("{ } | max_over_time(span.duration)")(12)).toBe("12");
});

test("a series is named by its labels", () => {
  expect(nameOf(one([], []))).toBe("all spans");
  expect(nameOf(one([{ key: "resource.service.name", type: "string", value: "cart" }], []))).toBe("cart");
  const two = one(
    [
      { key: "name", type: "string", value: "GET" },
      { key: "__bucket", type: "duration", value: 2_000_000 },
    ],
    [],
  );
  expect(nameOf(two)).toBe("name=GET __bucket=2.00 ms");
});

test("the largest series comes first, and empty ones have no numbers", () => {
  const label = (value: string): Series["labels"] => [{ key: "a", type: "string", value }];
  const rows = shown(
    [one(label("none"), [null]), one(label("small"), [1, null]), one(label("large"), [2, 7, 3])],
    "{ } | rate()",
  );
  expect(rows.map(({ name, last, least, most }) => [name, last, least, most])).toEqual([
    ["large", 3, 2, 7],
    ["small", 1, 1, 1],
    ["none", null, null, null],
  ]);
});

test("a quantile without spans is a gap", () => {
  const [row] = shown([one([], [0, 2, 0])], "{ } | quantile_over_time(duration, 0.5)");
  expect([row!.values, row!.least]).toEqual([[null, 2, null], 2]);
  expect(shown([one([], [0, 2])], "{ } | rate()")[0]!.least).toBe(0);
});
