import { expect, test } from "vitest";
import { arrived } from "./columns.fixture";
import { find, nextOf, plan, withAncestors } from "./search";

const { columns, derived } = arrived([
  { depth: 0, start: 0, dur: 5e6, service: "shop", name: "GET /cart", kind: 2 },
  { depth: 1, start: 1, dur: 2e6, service: "shop", name: "price", kind: 1 },
  { depth: 2, start: 2, dur: 1e6, service: "db", name: "SELECT card", kind: 3, status: 2 },
]);
const rows = (text: string): number[] => [...find(columns.rows, plan(columns, text)!.test).rows];

test("words are looked for in names and services, all of them", () => {
  expect(rows("car")).toEqual([0, 2]);
  expect(rows("shop cart")).toEqual([0]);
  expect(rows("error")).toEqual([2]);
});

test("queries on columns are answered here", () => {
  expect(rows("{ duration >= 2ms }")).toEqual([0, 1]);
  expect(rows('{ resource.service.name = "shop" && kind = server }')).toEqual([0]);
  expect(rows('{ name =~ "SEL.*" && status = error }')).toEqual([2]);
});

test("attributes are asked of the server, and wrong text says so", () => {
  expect(plan(columns, "{ span.x = 1 }")).toMatchObject({ test: null, server: { q: "{ span.x = 1 }" } });
  expect(plan(columns, "{ status = ")?.error).toBeTruthy();
  expect(plan(columns, "  ")).toBeNull();
});

test("only keeps what stands above a match", () => {
  expect([...withAncestors(derived, find(3, null, [2]))]).toEqual([1, 1, 1]);
  expect([...withAncestors(derived, find(3, null, [1]))]).toEqual([1, 1, 0]);
});

test("the next match goes round at the end", () => {
  expect([nextOf([2, 5, 9], 5, 1), nextOf([2, 5, 9], 9, 1), nextOf([2, 5, 9], 2, -1), nextOf([], 1, 1)]).toEqual([
    9, 2, 9, -1,
  ]);
});
