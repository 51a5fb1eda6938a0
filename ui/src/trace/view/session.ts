import type { Envelope_TraceSummary } from "../../api/types.gen";
import { slotOf } from "../../theme/tokens";
import { Columns, FLAG } from "../model/columns";
import { Derived } from "../model/derive";
import { type FindMode, type Found, find, plan, withAncestors } from "../model/search";
import {
  applyToggles,
  buildVisible,
  defaultClosed,
  FOLD_AT,
  lineOf,
  NO_TOGGLES,
  openAbove,
  runAt,
  type Toggles,
  type Visible,
} from "../model/visible";
import { clampTo, type Span, wholeOf } from "../model/zoom";

const NOTHING: Visible = { length: 0, row: new Uint32Array(0), fold: new Uint32Array(0) };

/** What changed: `rows` the spans, `lines` what is on screen, `view` zoom, selection or hover, `head` the summary. */
export type Change = "head" | "rows" | "lines" | "view";

/** The state of one trace on screen, outside React: spans, lines, selection, zoom, matches. */
export class Session {
  summary: Envelope_TraceSummary | null = null;
  columns = new Columns();
  derived = new Derived();
  complete = false;
  error: Error | null = null;
  closed: Uint8Array = new Uint8Array(0);
  visible = NOTHING;
  slots: number[] = [];
  toggles: Toggles = NO_TOGGLES;
  selected = -1;
  /** The line of a fold is selected, not its first span. */
  onFold = false;
  hover = -1;
  whole: Span = { from: 0, to: 1 };
  window: Span = { from: 0, to: 1 };
  widthPx = 800;
  /** The time range is being dragged: it is no decision yet. */
  dragging = false;
  text = "";
  mode: FindMode = "mark";
  found: Found | null = null;
  findError: string | null = null;
  version = 0;

  #named: readonly number[] = [];
  #base: Uint8Array | null = null;
  readonly #listeners = new Set<(change: Change) => void>();

  subscribe = (listener: (change: Change) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): number => this.version;

  changed(change: Change): void {
    this.version++;
    for (const listener of this.#listeners) listener(change);
  }

  setSummary(summary: Envelope_TraceSummary): void {
    this.summary = summary;
    this.changed("head");
  }

  setRows(columns: Columns, derived: Derived, complete: boolean): void {
    const zoomed = this.columns.rows > 0 && (this.window.from !== this.whole.from || this.window.to !== this.whole.to);
    if (this.columns !== columns && this.columns.rows > 0) this.#carry(this.columns, columns);
    this.columns = columns;
    this.derived = derived;
    this.complete = complete;
    const known = new Map(this.summary?.data.services.map(({ service, slot }) => [service, slot]));
    this.slots = columns.services.texts.map((service) => known.get(service) ?? slotOf(service));
    const ends = this.summary && !complete ? Math.max(columns.high, this.summary.data.duration_ns) : columns.high;
    this.whole = wholeOf(columns.low, ends);
    this.window = zoomed ? clampTo(this.whole, this.window, this.widthPx) : this.whole;
    this.#base = null;
    this.#search();
    this.#rebuild();
    this.changed("rows");
  }

  /** Late spans move rows: what was chosen stays with its spans. */
  #carry(from: Columns, to: Columns): void {
    const moved = (row: number): number => (row < 0 ? -1 : to.rowOf(from.idOf(row) ?? ""));
    const all = (rows: Iterable<number>): number[] => [...rows].map(moved).filter((row) => row >= 0);
    this.selected = moved(this.selected);
    this.hover = -1;
    this.toggles = { rows: new Set(all(this.toggles.rows)), folds: new Set(all(this.toggles.folds)) };
    this.#named = all(this.#named);
  }

  setToggles(toggles: Toggles): void {
    this.toggles = toggles;
    this.#rebuild();
    this.changed("lines");
  }

  #rebuild(): void {
    this.#base ??= defaultClosed(this.columns, this.derived);
    this.closed = applyToggles(this.#base, this.toggles);
    const only = this.mode === "only" && this.found ? withAncestors(this.derived, this.found) : null;
    this.visible = buildVisible(this.columns, this.derived, {
      closed: this.closed,
      openFolds: this.toggles.folds,
      only,
    });
  }

  setWindow(window: Span): void {
    this.window = clampTo(this.whole, window, this.widthPx);
    this.changed("view");
  }

  setHover(row: number): void {
    if (row === this.hover) return;
    this.hover = row;
    for (const listener of this.#listeners) listener("view");
  }

  select(row: number, onFold = false): void {
    this.selected = row;
    this.onFold = onFold;
    this.changed("view");
  }

  /** Opens or closes rows; `close` undefined toggles the first and does the same to the others. */
  toggle(rows: readonly number[], close?: boolean): void {
    const next = new Set(this.toggles.rows);
    const wanted = close ?? this.closed[rows[0]!] === 0;
    for (const row of rows) {
      if ((this.closed[row] === 1) === wanted || this.derived.subtree[row]! < 2) continue;
      if (!next.delete(row)) next.add(row);
    }
    this.setToggles({ rows: next, folds: this.toggles.folds });
  }

  toggleFold(row: number): void {
    const folds = new Set(this.toggles.folds);
    if (!folds.delete(row)) folds.add(row);
    this.setToggles({ rows: this.toggles.rows, folds });
  }

  /** Selects a row and opens all that hides it. */
  reveal(row: number): void {
    if (row < 0 || row >= this.derived.rows) return;
    const open = this.closed.slice();
    openAbove(this.derived, open, row);
    const rows = new Set(this.toggles.rows);
    const folds = new Set(this.toggles.folds);
    for (let up = row; up >= 0; up = this.derived.parent[up]!) {
      if (up !== row && this.closed[up] && !rows.delete(up)) rows.add(up);
      const head = this.foldHead(up);
      if (head >= 0) folds.add(head);
    }
    if (this.mode !== "only") this.setToggles({ rows, folds });
    this.select(row);
  }

  /** The first of the run of equal siblings that the row stands in, or -1 when it is too short to fold. */
  foldHead(row: number): number {
    const parent = this.derived.parent[row]!;
    for (let at = parent + 1; at <= row && parent >= 0; ) {
      const run = runAt(this.columns, this.derived, at);
      if (row < run.end) return run.count >= FOLD_AT ? at : -1;
      at = run.end;
    }
    return -1;
  }

  setFind(text: string, mode: FindMode, named: readonly number[] = []): void {
    this.text = text;
    this.mode = mode;
    this.#named = named;
    this.#search();
    this.#rebuild();
    this.changed("lines");
  }

  #search(): void {
    const asked = plan(this.columns, this.text);
    this.findError = asked?.error ?? null;
    this.found = asked && !asked.error ? find(this.columns.rows, asked.test, this.#named) : null;
  }

  /** The line of the selection, or -1. */
  line(row = this.selected): number {
    if (row < 0) return -1;
    const line = lineOf(this.visible, row);
    const folded = line > 0 && this.visible.row[line - 1] === row && this.onFold;
    return folded ? line - 1 : line;
  }

  rowsWith(flag: number): number[] {
    const out: number[] = [];
    for (let i = 0; i < this.columns.rows; i++) if (this.columns.flags[i]! & flag) out.push(i);
    return out;
  }

  errorRows(): number[] {
    const out: number[] = [];
    for (let i = 0; i < this.columns.rows; i++) if (this.columns.statusOf(i) === 2) out.push(i);
    return out;
  }

  origins(): number[] {
    return this.rowsWith(FLAG.origin);
  }
}
