import { encodeBlock, encodeStream, type SpanRow } from "../../../e2e/fixture/spancols";
import { decodeBlock } from "../../api/spancols";
import { Columns } from "./columns";
import { Derived } from "./derive";

/** Columns as they would come from the server, block by block. */
export function arrived(rows: readonly SpanRow[]): { columns: Columns; derived: Derived } {
  const columns = new Columns();
  const derived = new Derived();
  for (const framed of encodeStream(rows)) {
    columns.append(decodeBlock(framed.slice(4).buffer));
    derived.append(columns);
  }
  columns.appendIds(decodeBlock(encodeBlock(rows, { ids: true }).buffer));
  return { columns, derived };
}

/** A small generator of repeatable numbers in 0-1. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A random tree in pre-order with children sorted by start; some begin early or outlive their parent. */
export function randomTree(seed: number, size: number): SpanRow[] {
  const next = random(seed);
  const rows: SpanRow[] = [{ depth: 0, start: 0, dur: 10_000, service: "a", name: "root" }];
  const grow = (depth: number, from: number, length: number): void => {
    const starts = Array.from({ length: Math.floor(next() * 7) }, () =>
      Math.floor(from + (next() * 1.2 - 0.1) * length),
    );
    for (const start of starts.sort((a, b) => a - b)) {
      if (rows.length >= size) return;
      const dur = Math.floor(next() * length * 0.7);
      const name = `n${Math.floor(next() * 3)}`;
      rows.push({ depth, start, dur, service: next() < 0.5 ? "a" : "b", name, status: next() < 0.1 ? 2 : 0 });
      if (depth < 12) grow(depth + 1, start, dur);
    }
  };
  grow(1, 0, 10_000);
  return rows;
}
