import { expect, test } from "vitest";
import { chipText, guessValue, parseField, readSlot, rowIndexes, SLOTS, writeSlot } from "./chips";
import { parseQuery, printQuery } from "./traceql";

const FULL =
  '{ resource.service.name = "a" && .x = 1 && name = "b" && kind = server && status = error && duration >= 1.5s && duration <= 2m && name = "c" }';

test("each fixed field of the form finds its filter, everything else is a row", () => {
  const filters = parseQuery(FULL);
  expect(SLOTS.map((slot) => readSlot(filters, slot))).toEqual(["a", "b", "server", "error", "1.5s", "120s"]);
  expect(rowIndexes(filters)).toEqual([1, 7]);
});

test("writing a field keeps its place, clearing removes only it, nonsense is refused", () => {
  let filters = parseQuery(FULL);
  for (const slot of SLOTS) filters = writeSlot(filters, slot, readSlot(filters, slot))!;
  expect(printQuery(filters)).toBe(FULL);
  expect(printQuery(writeSlot(parseQuery('{ name = "a" && .x = 1 }'), "operation", "z")!)).toBe(
    '{ name = "z" && .x = 1 }',
  );
  expect(printQuery(writeSlot(parseQuery('{ name = "a" && .x = 1 }'), "operation", "")!)).toBe("{ .x = 1 }");
  expect(printQuery(writeSlot([], "min", "250")!)).toBe("{ duration >= 250ms }");
  expect(writeSlot([], "min", "long")).toBeNull();
  expect(writeSlot([], "status", "bad")).toBeNull();
});

test.each([
  ["span.http.route", { scope: "span", key: "http.route" }],
  ["http.route", { scope: "any", key: "http.route" }],
  [".http.route", { scope: "any", key: "http.route" }],
  ["name", { scope: "intrinsic", key: "name" }],
  ["duration", { scope: "intrinsic", key: "duration" }],
  ["status", { scope: "intrinsic", key: "status" }],
  ["kind", { scope: "intrinsic", key: "kind" }],
  ['resource."a b"', { scope: "resource", key: "a b" }],
  ["", null],
  ["a = 1 && b", null],
])("%s is read as a field", (text, field) => expect(parseField(text)).toEqual(field));

test("values take the type of their field, or of their look", () => {
  const x = { scope: "span", key: "x" } as const;
  expect(guessValue(x, "=", "500")).toEqual({ type: "int", value: "500" });
  expect(guessValue(x, "=", "500", ["string"])).toEqual({ type: "string", value: "500" });
  expect(guessValue(x, "=", '"500"')).toEqual({ type: "string", value: "500" });
  expect(guessValue(x, "=~", "5.*")).toEqual({ type: "string", value: "5.*" });
  expect(guessValue(x, "=", "error")).toEqual({ type: "string", value: "error" });
  expect(guessValue(x, "=", "99999999999999999999")).toEqual({ type: "string", value: "99999999999999999999" });
  expect(guessValue({ scope: "intrinsic", key: "status" }, "=", "error")).toEqual({ type: "status", value: "error" });
  expect(guessValue({ scope: "intrinsic", key: "name" }, "=", "5")).toEqual({ type: "string", value: "5" });
});

test("chips say what they filter", () => {
  expect(parseQuery(FULL).map(chipText)).toEqual([
    "service = a",
    ".x = 1",
    "name = b",
    "kind = server",
    "status = error",
    "duration >= 1.5s",
    "duration <= 2m",
    "name = c",
  ]);
  expect(chipText(parseQuery('{ span."a b" = "x\\"y" }')[0]!)).toBe('span."a b" = "x\\"y"');
});
