import { type Columns, FLAG } from "./columns";
import type { Derived } from "./derive";

export const FOLD_AT = 5;
const DEFAULT_ROWS = 200;
const DEFAULT_DEPTH = 5;
const MAX_ORIGINS = 12;
/** Opening one more error origin may not show more lines than this. */
const MOST_ROWS = 300;

/** What the user has changed against the default: rows opened or closed, folds opened. */
export interface Toggles {
  rows: ReadonlySet<number>;
  folds: ReadonlySet<number>;
}

export const NO_TOGGLES: Toggles = { rows: new Set(), folds: new Set() };

/** The lines on screen: the span of each and, for folded siblings, how many it stands for (else 0). */
export interface Visible {
  length: number;
  row: Uint32Array;
  fold: Uint32Array;
}

interface Options {
  closed: Uint8Array;
  openFolds?: ReadonlySet<number>;
  /** Only rows marked here (matches and their ancestors), without collapse and folds. */
  only?: Uint8Array | null;
  /** Stop counting here; for trying how much a level shows. */
  limit?: number;
}

function sameKey(columns: Columns, a: number, b: number): boolean {
  return (
    columns.name[a] === columns.name[b] &&
    columns.service[a] === columns.service[b] &&
    ((columns.kst[a]! ^ columns.kst[b]!) & 7) === 0
  );
}

/** Returns the row behind the run of equal siblings that starts here, and how many they are. */
export function runAt(columns: Columns, derived: Derived, row: number): { end: number; count: number } {
  const parent = derived.parent[row]!;
  let end = row;
  let count = 0;
  while (end < derived.rows && derived.parent[end] === parent && sameKey(columns, row, end)) {
    end += derived.subtree[end]!;
    count++;
  }
  return { end, count };
}

/** Lists the lines on screen in one walk that skips what is closed. */
export function buildVisible(columns: Columns, derived: Derived, options: Options): Visible {
  const { closed, openFolds, only, limit = Number.POSITIVE_INFINITY } = options;
  let row = new Uint32Array(1024);
  let fold = new Uint32Array(1024);
  let length = 0;
  const add = (at: number, count: number): void => {
    if (length === row.length) {
      row = widened(row);
      fold = widened(fold);
    }
    row[length] = at;
    fold[length++] = count;
  };
  const checked: number[] = [];
  for (let i = 0; i < derived.rows && length <= limit; ) {
    if (only) {
      if (only[i]) add(i, 0);
      i += only[i] ? 1 : derived.subtree[i]!;
      continue;
    }
    const depth = columns.depth[i]!;
    if (i >= (checked[depth] ?? 0)) {
      const run = runAt(columns, derived, i);
      checked[depth] = run.end;
      if (run.count >= FOLD_AT) {
        add(i, run.count);
        if (!openFolds?.has(i)) {
          i = run.end;
          continue;
        }
      }
    }
    add(i, 0);
    i += closed[i] ? derived.subtree[i]! : 1;
  }
  return { length, row: row.subarray(0, length), fold: fold.subarray(0, length) };
}

function widened(from: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const into = new Uint32Array(from.length * 2);
  into.set(from);
  return into;
}

/** Closes all rows of the level and below that have children. */
function closedFrom(columns: Columns, derived: Derived, level: number, into: Uint8Array): void {
  for (let i = 0; i < derived.rows; i++) into[i] = columns.depth[i]! >= level && derived.subtree[i]! > 1 ? 1 : 0;
}

/** Opens all that stands above the row. */
export function openAbove(derived: Derived, closed: Uint8Array, row: number): void {
  for (let up = derived.parent[row]!; up >= 0; up = derived.parent[up]!) closed[up] = 0;
}

/** Which rows are closed before the user does anything: 200 lines or five levels, and the first error origins in sight. */
export function defaultClosed(columns: Columns, derived: Derived): Uint8Array {
  const closed = new Uint8Array(derived.rows);
  const count = (): number => buildVisible(columns, derived, { closed, limit: DEFAULT_ROWS }).length;
  if (derived.rows <= DEFAULT_ROWS || count() <= DEFAULT_ROWS) return closed;
  let level = DEFAULT_DEPTH;
  for (; level > 1; level--) {
    closedFrom(columns, derived, level, closed);
    if (count() <= DEFAULT_ROWS) break;
  }
  if (level === 1) closedFrom(columns, derived, 1, closed);
  let origins = 0;
  for (let i = 0; i < derived.rows && origins < MAX_ORIGINS; i++)
    if (columns.flags[i]! & FLAG.origin) {
      origins++;
      const before = closed.slice();
      openAbove(derived, closed, i);
      if (buildVisible(columns, derived, { closed, limit: MOST_ROWS }).length > MOST_ROWS) closed.set(before);
    }
  return closed;
}

/** Lays the user's changes over the default. */
export function applyToggles(closed: Uint8Array, toggles: Toggles): Uint8Array {
  if (toggles.rows.size === 0) return closed;
  const out = closed.slice();
  for (const row of toggles.rows) if (row < out.length) out[row] = out[row] ? 0 : 1;
  return out;
}

/** Finds the line of a span, or the last line above it when it is folded or closed away; -1 when there are none. */
export function lineOf(visible: Visible, row: number): number {
  let low = 0;
  let high = visible.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (visible.row[middle]! <= row) low = middle;
    else high = middle - 1;
  }
  return visible.length === 0 ? -1 : low;
}

function runs(rows: ReadonlySet<number>): string {
  const sorted = [...rows].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0, last = 0; i < sorted.length; ) {
    let length = 1;
    while (sorted[i + length] === sorted[i]! + length) length++;
    parts.push((sorted[i]! - last).toString(36) + (length > 1 ? `~${length.toString(36)}` : ""));
    last = sorted[i]! + length - 1;
    i += length;
  }
  return parts.join(".");
}

function parseRuns(text: string): Set<number> {
  const rows = new Set<number>();
  let last = 0;
  for (const part of text ? text.split(".") : []) {
    if (!/^[0-9a-z]{1,8}(~[0-9a-z]{1,6})?$/.test(part)) return rows;
    const [gap, length = "1"] = part.split("~");
    const first = last + Number.parseInt(gap!, 36);
    const count = Number.parseInt(length, 36);
    if (!(first >= 0) || !(count >= 1) || count > 10_000_000) return rows;
    for (let i = 0; i < count; i++) rows.add(first + i);
    last = first + count - 1;
  }
  return rows;
}

/** Writes what was opened and closed for the address (`x`): gaps and runs in base 36, folds behind `_`. */
export function printToggles(toggles: Toggles): string {
  const folds = runs(toggles.folds);
  return runs(toggles.rows) + (folds ? `_${folds}` : "");
}

export function parseToggles(text: string | undefined): Toggles {
  if (!text) return NO_TOGGLES;
  const [rows = "", folds = ""] = text.split("_");
  return { rows: parseRuns(rows), folds: parseRuns(folds) };
}
