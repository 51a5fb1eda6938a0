import { type Filter, parseQuery } from "../../url/traceql";
import { type Columns, KIND_NAMES, STATUS_NAMES } from "./columns";
import type { Derived } from "./derive";

export type FindMode = "mark" | "dim" | "only";
export const MODES: readonly FindMode[] = ["mark", "dim", "only"];

/** Which rows match: one byte per row and the rows in order. */
export interface Found {
  mask: Uint8Array;
  rows: Uint32Array;
}

type Test = (row: number) => boolean;

/** What the text asks for: a test of the columns, and whether attributes need the server. */
export interface Plan {
  test: Test | null;
  server: { q: string } | { text: string } | null;
  error: string | null;
}

/** Marks the entries of a dictionary once, so that rows cost one look-up each. */
function marked(texts: readonly string[], accept: (text: string) => boolean): Uint8Array {
  return Uint8Array.from(texts, (text) => (accept(text) ? 1 : 0));
}

function textTest(op: string, wanted: string): ((text: string) => boolean) | null {
  if (op === "=") return (text) => text === wanted;
  if (op === "!=") return (text) => text !== wanted;
  if (op !== "=~" && op !== "!~") return null;
  try {
    const pattern = new RegExp(`^(?:${wanted})$`, "u");
    return op === "=~" ? (text) => pattern.test(text) : (text) => !pattern.test(text);
  } catch {
    return null;
  }
}

const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
};

/** The test of one filter on the columns, or null when only the server can tell. */
function columnTest(columns: Columns, filter: Filter): Test | null {
  const { scope, key, op, value } = filter;
  const text = String(value.value);
  if (scope === "resource" && key === "service.name" && value.type === "string") {
    const accept = textTest(op, text);
    const hit = accept && marked(columns.services.texts, accept);
    return hit && ((row) => hit[columns.service[row]!] === 1);
  }
  if (scope !== "intrinsic") return null;
  if (key === "name" && value.type === "string") {
    const accept = textTest(op, text);
    const hit = accept && marked(columns.names.texts, accept);
    return hit && ((row) => hit[columns.name[row]!] === 1);
  }
  const compare = COMPARE[op];
  if (!compare) return null;
  if (key === "duration" && value.type === "duration") {
    const ns = Number(value.value);
    return Number.isFinite(ns) ? (row) => compare(columns.dur[row]!, ns) : null;
  }
  if (key === "status" && (op === "=" || op === "!=")) {
    const status = STATUS_NAMES.indexOf(text as never);
    return (row) => compare(columns.statusOf(row), status);
  }
  if (key === "kind" && (op === "=" || op === "!=")) {
    const kind = KIND_NAMES.indexOf(text as never);
    return (row) => compare(columns.kindOf(row), kind);
  }
  return null;
}

function wordTest(columns: Columns, text: string): Test {
  const tests = text
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => {
      const names = marked(columns.names.texts, (name) => name.toLowerCase().includes(word));
      const services = marked(columns.services.texts, (name) => name.toLowerCase().includes(word));
      const status = word === "error" ? 2 : -1;
      return (row: number) =>
        names[columns.name[row]!] === 1 || services[columns.service[row]!] === 1 || columns.statusOf(row) === status;
    });
  return (row) => tests.every((test) => test(row));
}

/** Reads the find box: TraceQL in braces, else words that all must be in the name or the service. */
export function plan(columns: Columns, text: string): Plan | null {
  const clean = text.trim();
  if (!clean) return null;
  if (!clean.startsWith("{")) return { test: wordTest(columns, clean), server: { text: clean }, error: null };
  try {
    const tests = parseQuery(clean).map((filter) => columnTest(columns, filter));
    if (tests.some((test) => test === null)) return { test: null, server: { q: clean }, error: null };
    return { test: (row) => tests.every((test) => test!(row)), server: null, error: null };
  } catch (error) {
    return { test: null, server: null, error: error instanceof Error ? error.message : String(error) };
  }
}

/** Runs a test over all rows; rows that the server has named match too. */
export function find(rows: number, test: Test | null, named: readonly number[] = []): Found {
  const mask = new Uint8Array(rows);
  let count = 0;
  if (test) for (let i = 0; i < rows; i++) if (test(i)) count += mask[i] = 1;
  for (const row of named) if (row < rows && !mask[row]) count += mask[row] = 1;
  const found = new Uint32Array(count);
  for (let i = 0, at = 0; at < count; i++) if (mask[i]) found[at++] = i;
  return { mask, rows: found };
}

/** The matches with all that stands above them. */
export function withAncestors(derived: Derived, found: Found): Uint8Array {
  const keep = found.mask.slice();
  for (const row of found.rows)
    for (let up = derived.parent[row]!; up >= 0 && !keep[up]; up = derived.parent[up]!) keep[up] = 1;
  return keep;
}

/** The next of sorted rows after (or before) a row, going round at the end; -1 when there are none. */
export function nextOf(rows: ArrayLike<number>, row: number, by: 1 | -1): number {
  if (rows.length === 0) return -1;
  let low = 0;
  let high = rows.length;
  const before = by === 1 ? row : row - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]! <= before) low = middle + 1;
    else high = middle;
  }
  return by === 1 ? rows[low % rows.length]! : rows[(low - 1 + rows.length) % rows.length]!;
}
