import { expect, test } from "vitest";
import type { Meta, TraceRow } from "../../api/types";
import { EMPTY, reduce } from "./stream";

const row = (id: string) => ({ trace_id: id }) as TraceRow;
const meta = { total: { value: 2, exact: true } } as Meta;

test("rows of the search before stay until the first new ones come", () => {
  let state = reduce(EMPTY, { do: "rows", rows: [row("a")] });
  state = reduce(state, { do: "end", cursor: "c", meta });
  state = reduce(state, { do: "start" });
  expect(state).toMatchObject({ phase: "loading", stale: true, rows: [row("a")], cursor: null, meta: null });
  state = reduce(state, { do: "rows", rows: [row("b")] });
  expect(state).toMatchObject({ stale: false, rows: [row("b")] });
});

test("a search that ends without rows shows none of the one before", () => {
  let state = reduce(EMPTY, { do: "rows", rows: [row("a")] });
  state = reduce(reduce(state, { do: "start" }), { do: "end", cursor: null, meta });
  expect(state.rows).toEqual([]);
});

test("the next page is appended, and no trace appears twice", () => {
  let state = reduce(EMPTY, { do: "rows", rows: [row("a"), row("b")] });
  state = reduce(reduce(state, { do: "end", cursor: "c", meta }), { do: "more" });
  state = reduce(state, { do: "rows", rows: [row("b"), row("c")] });
  expect(state.rows.map((r) => r.trace_id)).toEqual(["a", "b", "c"]);
});

test("stopping keeps what was found, failing keeps it too and says why", () => {
  const found = reduce(EMPTY, { do: "rows", rows: [row("a")] });
  expect(reduce(found, { do: "stop" })).toMatchObject({ phase: "stopped", rows: [row("a")] });
  const error = new Error("x");
  expect(reduce(found, { do: "fail", error })).toMatchObject({ phase: "failed", error, rows: [row("a")] });
});

test("a search that waits says its place until it runs", () => {
  const waiting = reduce(EMPTY, { do: "queued", position: 3 });
  expect(waiting).toMatchObject({ phase: "loading", queued: 3 });
  expect(reduce(waiting, { do: "progress", found: 0, scanned: 10 }).queued).toBe(0);
});
