import { expect, test } from "vitest";
import { readQuery, understood } from "./useExplore";

const nothing = { kind: null, filters: null, canonical: null, errors: [], completion: null };

test("a conjunction is read in the browser", () => {
  const read = readQuery("{status=error}");
  expect(read).toMatchObject({ canonical: "{ status = error }", plain: false, error: null });
  expect(read.filters).toHaveLength(1);
});

test("a search that is no conjunction stays text", () => {
  const text = "{ .a } >> { .b } | count() > 2";
  expect(readQuery(text).error).not.toBeNull();
  const read = understood(text, { ...nothing, kind: "search", canonical: text });
  expect(read).toMatchObject({ plain: true, filters: [], canonical: text, error: null });
});

test("what the server reads as conditions has filters", () => {
  const filters = [{ scope: "any" as const, key: "a", op: "=" as const, value: { type: "int" as const, value: "1" } }];
  const read = understood("{ (.a = 1) }", { ...nothing, kind: "search", canonical: "{ .a = 1 }", filters });
  expect(read).toMatchObject({ plain: false, filters, canonical: "{ .a = 1 }" });
});

test("the server's error points at its place, whatever stands before it", () => {
  const text = '{ .a = "😀" && .b == 1 }';
  const wrong = { from: 17, to: 19, line: 1, column: 18, message: "== is no operator", hint: "write =" };
  const { error } = understood(text, { ...nothing, errors: [wrong] });
  expect(text.slice(error!.from, error!.to)).toBe("==");
});

test("a query for series is told from one for traces", () => {
  const read = understood("{ } | rate()", { ...nothing, kind: "metrics", canonical: "{ } | rate()" });
  expect([read.series, read.error, read.plain]).toEqual([true, null, true]);
  expect(understood("{ } >> { }", { ...nothing, kind: "search", canonical: "{ } >> { }" }).series).toBe(false);
});
