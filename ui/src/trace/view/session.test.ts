import { expect, test } from "vitest";
import { arrived } from "../model/columns.fixture";
import { Session } from "./session";

const span = (id: string, depth: number, start: number, status = 0) => ({
  id,
  depth,
  start,
  dur: 10,
  service: "shop",
  name: id,
  status,
});

test("what is chosen stays with its spans when late spans move the rows", () => {
  const session = new Session();
  const first = arrived([span("a", 0, 0), span("c", 1, 20), span("d", 2, 21, 2), span("e", 2, 25)]);
  session.setRows(first.columns, first.derived, true);
  session.toggle([1], true);
  session.setFind("nothing has this text", "mark", [2]);
  session.select(2);
  const grown = arrived([span("a", 0, 0), span("b", 1, 10), span("c", 1, 20), span("d", 2, 21, 2), span("e", 2, 25)]);
  session.setRows(grown.columns, grown.derived, true);
  expect(session.columns.names.texts[3]).toBe("d");
  expect(session.selected).toBe(3);
  expect([...session.toggles.rows]).toEqual([2]);
  expect([...session.found!.rows]).toEqual([3]);
});

test("a span that is gone is not selected any more", () => {
  const session = new Session();
  const first = arrived([span("a", 0, 0), span("b", 1, 10)]);
  session.setRows(first.columns, first.derived, true);
  session.select(1);
  const left = arrived([span("a", 0, 0)]);
  session.setRows(left.columns, left.derived, true);
  expect(session.selected).toBe(-1);
});
