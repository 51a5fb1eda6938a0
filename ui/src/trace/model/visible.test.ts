import { expect, test } from "vitest";
import { FLAG } from "./columns";
import { arrived, random, randomTree } from "./columns.fixture";
import { buildVisible, defaultClosed, lineOf, parseToggles, printToggles } from "./visible";

const one = (depth: number, name: string, flags = 0) => ({ depth, start: 0, dur: 1, service: "s", name, flags });

test("five equal siblings fold to one line, four do not; opening the fold lists them below it", () => {
  const rows = [
    one(0, "root"),
    ...Array.from({ length: 5 }, () => one(1, "get")),
    ...Array.from({ length: 4 }, () => one(1, "put")),
  ];
  const { columns, derived } = arrived(rows);
  const closed = new Uint8Array(rows.length);
  expect([...buildVisible(columns, derived, { closed }).fold]).toEqual([0, 5, 0, 0, 0, 0]);
  const open = buildVisible(columns, derived, { closed, openFolds: new Set([1]) });
  expect([...open.row]).toEqual([0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("a closed row hides its whole subtree", () => {
  const { columns, derived } = arrived([one(0, "a"), one(1, "b"), one(2, "c"), one(1, "d")]);
  expect([...buildVisible(columns, derived, { closed: Uint8Array.of(0, 1, 0, 0) }).row]).toEqual([0, 1, 3]);
});

test("a large trace opens with at most 200 lines and every error origin in sight", () => {
  const rows = [one(0, "root")];
  for (let i = 0; i < 150; i++)
    for (let d = 1; d < 8; d++) rows.push(one(d, `n${i % 50}-${d}`, i === 70 && d === 7 ? FLAG.origin : 0));
  const { columns, derived } = arrived(rows);
  const visible = buildVisible(columns, derived, { closed: defaultClosed(columns, derived) });
  expect(visible.length).toBeLessThanOrEqual(210);
  const origin = rows.findIndex((row) => row.flags === FLAG.origin);
  expect(visible.row[lineOf(visible, origin)]).toBe(origin);
});

test("toggles survive the way through the address", () => {
  const next = random(7);
  for (let round = 0; round < 100; round++) {
    const pick = () => new Set(Array.from({ length: Math.floor(next() * 30) }, () => Math.floor(next() * 60)));
    const toggles = { rows: pick(), folds: pick() };
    const back = parseToggles(printToggles(toggles));
    expect([...back.rows].sort()).toEqual([...toggles.rows].sort());
    expect([...back.folds].sort()).toEqual([...toggles.folds].sort());
  }
  expect(parseToggles("nonsense!").rows.size).toBe(0);
});

test("lines keep their order and stand for every span exactly once", () => {
  const rows = randomTree(5, 300);
  const { columns, derived } = arrived(rows);
  const visible = buildVisible(columns, derived, { closed: new Uint8Array(rows.length) });
  const shown = [...visible.row];
  expect(shown).toEqual(shown.toSorted((a, b) => a - b));
});

test("a million spans derive, fold and list", () => {
  const rows = Array.from({ length: 1_000_000 }, (_, i) => one(i === 0 ? 0 : 1 + (i % 3), `n${i % 4}`));
  const { columns, derived } = arrived(rows);
  const visible = buildVisible(columns, derived, { closed: defaultClosed(columns, derived) });
  expect(derived.rows).toBe(1_000_000);
  expect(derived.subtree[0]).toBe(1_000_000);
  expect(visible.length).toBeGreaterThan(0);
}, 60_000);
