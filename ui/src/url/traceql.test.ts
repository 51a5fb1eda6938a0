import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Filter, parseQuery, printQuery, QuerySyntaxError } from "./traceql";

interface Case {
  text: string;
  filters: Filter[] | null;
  canonical: string | null;
  error: { from: number; to: number; message: string; hint: string } | null;
}

const path = new URL("../../../tests/golden/conjunction.json", import.meta.url);
const cases: Case[] = JSON.parse(readFileSync(path, "utf8"));

test.each(cases.filter((c) => c.filters))("reads $text", ({ text, filters, canonical }) => {
  // JSON has no negative zero; both sides print it as 0.0.
  expect(JSON.parse(JSON.stringify(parseQuery(text)))).toEqual(JSON.parse(JSON.stringify(filters)));
  expect(printQuery(parseQuery(text))).toBe(canonical);
  expect(printQuery(parseQuery(canonical!))).toBe(canonical);
});

test.each(cases.filter((c) => c.error))("says what is wrong in $text", ({ text, error }) => {
  let caught: unknown;
  try {
    parseQuery(text);
  } catch (thrown) {
    caught = thrown;
  }
  expect(caught).toBeInstanceOf(QuerySyntaxError);
  const { from, to, message, hint } = caught as QuerySyntaxError;
  expect({ from, to, message, hint }).toEqual(error);
});

test("the shared cases are there", () => expect(cases.length).toBeGreaterThan(50));
