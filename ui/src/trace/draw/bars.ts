import { type Columns, FLAG } from "../model/columns";
import { type Cover, CoverCache, childCover, extent, firstAfter, foldCover } from "../model/cover";
import type { Derived } from "../model/derive";
import type { Visible } from "../model/visible";
import type { Span } from "../model/zoom";
import { type Scene, STYLE } from "./rects";

export interface Viewport {
  /** First line on screen; the fraction is how much of it has gone out above. */
  topRow: number;
  rowHeight: number;
  width: number;
  /** Room right of the bars that only durations use. */
  gutter?: number;
  height: number;
  window: Span;
}

export interface Sheet {
  columns: Columns;
  derived: Derived;
  visible: Visible;
  closed: Uint8Array;
  /** Colour slot of each service index. */
  slots: ArrayLike<number>;
  match: Uint8Array | null;
  dim: boolean;
  duration: (ns: number) => string;
}

const MIN_PX = 2;
/** Room that a sign beside a bar needs. */
const SIGN_PX = 13;
/** Room that a duration beside its bar needs. */
export const LABEL_PX = 64;

/** Draws the lines on screen into the scene; cost is bounded by the pixels, not by the spans. */
export class BarPainter {
  readonly #cache = new CoverCache();

  constructor(private readonly scene: Scene) {}

  /** Forgets what was computed per row; call it when rows were added. */
  reset(): void {
    this.#cache.clear();
  }

  paint(sheet: Sheet, port: Viewport): void {
    const first = Math.max(0, Math.floor(port.topRow));
    const last = Math.min(sheet.visible.length, Math.ceil(port.topRow + port.height / port.rowHeight));
    for (let line = first; line < last; line++) this.#line(sheet, port, line, (line - port.topRow) * port.rowHeight);
  }

  #line(sheet: Sheet, port: Viewport, line: number, y: number): void {
    const row = sheet.visible.row[line]!;
    const fold = sheet.visible.fold[line]!;
    const { columns, derived } = sheet;
    const slot = sheet.slots[columns.service[row]!] ?? 0;
    const faint = sheet.dim && sheet.match !== null && !sheet.match[row] ? STYLE.children : 0;
    const top = y + 5;
    const high = port.rowHeight - 10;
    if (columns.has(row, FLAG.placeholder)) {
      this.#cover(port, this.#extent(sheet, row), top + high / 2 - 1, 2, STYLE.outline);
      return;
    }
    if (fold > 0) {
      const cover = this.#cache.get(`f${row}`, () => foldCover(columns, derived, row, fold));
      this.#cover(port, cover, top, high, slot + faint);
      this.#label(sheet, port, cover, y, row, fold);
      return;
    }
    this.#bar(sheet, port, row, top, high, slot, faint);
    if (sheet.closed[row] && derived.subtree[row]! > 1)
      this.#cover(port, this.#extent(sheet, row), top + high + 1, 2, STYLE.line);
    this.#label(sheet, port, Float64Array.of(columns.start[row]!, end(columns, row)), y, row, 0);
    this.#marks(columns, port, row, y);
  }

  #extent(sheet: Sheet, row: number): Cover {
    return this.#cache.get(`e${row}`, () => extent(sheet.columns, sheet.derived, row));
  }

  /** The span itself solid, the time of its children at 45 %; errors are hatched below. */
  #bar(sheet: Sheet, port: Viewport, row: number, top: number, high: number, slot: number, faint: number): void {
    const { columns, derived } = sheet;
    const { rects } = this.scene;
    const from = toPx(port, columns.start[row]!);
    const to = toPx(port, end(columns, row));
    const x = Math.max(from, -4);
    const w = Math.max(Math.min(to, port.width + 4) - x, MIN_PX);
    if (to < -MIN_PX || from > port.width) return;
    if (columns.has(row, FLAG.inferred)) rects.push(STYLE.outline, x, top, w, high);
    else if (derived.subtree[row] === 1 || w < 3) rects.push(slot + faint, x, top, w, high);
    else this.#withChildren(sheet, port, row, top, high, slot, faint, x, x + w);
    if (columns.has(row, FLAG.critical)) rects.push(STYLE.critical, x, top + high, w, 2);
    if (columns.statusOf(row) === 2) rects.push(STYLE.errorHatch, x, top + high - 3, Math.max(w, 3), 3);
  }

  #withChildren(
    sheet: Sheet,
    port: Viewport,
    row: number,
    top: number,
    high: number,
    slot: number,
    faint: number,
    x: number,
    right: number,
  ): void {
    const cover = this.#cache.get(`c${row}`, () => childCover(sheet.columns, sheet.derived, row));
    const { rects } = this.scene;
    let at = x;
    walk(port, cover, (from, to) => {
      const a = Math.max(from, x);
      const b = Math.min(to, right);
      if (b <= a) return;
      if (a > at) rects.push(slot + faint, at, top, a - at, high);
      rects.push(slot + STYLE.children, a, top, b - a, high);
      at = b;
    });
    if (right > at) rects.push(slot + faint, at, top, right - at, high);
  }

  #cover(port: Viewport, cover: Cover, top: number, high: number, style: number): void {
    walk(port, cover, (from, to) => this.scene.rects.push(style, from, top, Math.max(to - from, MIN_PX), high));
  }

  /** The duration beside the bar, on the side with more room. */
  #label(sheet: Sheet, port: Viewport, cover: Cover, y: number, row: number, fold: number): void {
    if (cover.length === 0) return;
    const from = toPx(port, cover[0]!);
    const to = Math.min(Math.max(toPx(port, cover[cover.length - 1]!), from + MIN_PX), port.width);
    const edge = port.width + (port.gutter ?? 0);
    const { columns } = sheet;
    const text = fold > 0 ? `×${fold}` : sheet.duration(Math.max(0, columns.dur[row]!));
    const mid = y + port.rowHeight / 2;
    if (toPx(port, cover[cover.length - 1]!) < 0)
      this.scene.labels.push({ text: `◂ ${text}`, x: 4, y: mid, align: "left" });
    else if (from > port.width) this.scene.labels.push({ text: `${text} ▸`, x: edge - 4, y: mid, align: "right" });
    else if (edge - to >= LABEL_PX) this.#say(text, to + 8, mid, "left");
    else if (from >= LABEL_PX) this.#say(text, from - 6, mid, "right");
    else this.scene.labels.push({ text, x: edge - 8, y: mid, align: "right", chip: true });
  }

  #say(text: string, x: number, y: number, align: "left" | "right"): void {
    this.scene.labels.push({ text, x, y, align });
  }

  #marks(columns: Columns, port: Viewport, row: number, y: number): void {
    const flags = columns.flags[row]!;
    if ((flags & MARKED) === 0 && columns.statusOf(row) !== 2) return;
    const start = toPx(port, columns.start[row]!);
    const stop = toPx(port, end(columns, row));
    const mid = y + port.rowHeight / 2;
    const add = (kind: Parameters<typeof this.scene.marks.push>[0]["kind"], x: number): void => {
      if (x > -8 && x < port.width + 8) this.scene.marks.push({ kind, x, y: mid });
    };
    this.#beside(columns, port, row, mid);
    if (flags & FLAG.open) add("open", stop);
    if (flags & FLAG.skew) add("skew", start);
    if (flags & FLAG.outlives) add("outlives", stop);
    if (flags & FLAG.redacted) add("redacted", start - 8);
  }

  /** What the span holds, left of its bar, or behind its duration where the bar begins at the edge. */
  #beside(columns: Columns, port: Viewport, row: number, y: number): void {
    const kinds = BESIDE.filter(([flag]) => columns.has(row, flag)).map(([, kind]) => kind);
    const start = toPx(port, columns.start[row]!);
    const stop = toPx(port, end(columns, row));
    if (kinds.length === 0 || stop < 0 || start > port.width) return;
    const left = start >= kinds.length * SIGN_PX + 2;
    const from = left ? start - 9 : stop + LABEL_PX;
    kinds.forEach((kind, at) => {
      const x = from + at * (left ? -SIGN_PX : SIGN_PX);
      if (x < port.width + (port.gutter ?? 0)) this.scene.marks.push({ kind, x, y });
    });
  }
}

/** Signs beside the bar, nearest first. */
const BESIDE = [
  [FLAG.origin, "origin"],
  [FLAG.events, "event"],
  [FLAG.links, "link"],
] as const;
const MARKED = FLAG.origin | FLAG.events | FLAG.links | FLAG.open | FLAG.skew | FLAG.outlives | FLAG.redacted;

function end(columns: Columns, row: number): number {
  return columns.start[row]! + Math.max(0, columns.dur[row]!);
}

export function toPx(port: Pick<Viewport, "width" | "window">, ns: number): number {
  return ((ns - port.window.from) / (port.window.to - port.window.from)) * port.width;
}

/** Calls back for the pairs in the window, those within one pixel of each other merged; jumps where many are. */
function walk(port: Viewport, cover: Cover, each: (from: number, to: number) => void): void {
  const perPx = (port.window.to - port.window.from) / port.width;
  const pairs = cover.length / 2;
  let at = firstAfter(cover, port.window.from - perPx * 4);
  while (at < pairs && cover[at * 2]! <= port.window.to) {
    const from = cover[at * 2]!;
    let to = cover[at * 2 + 1]!;
    at++;
    while (at < pairs && cover[at * 2]! - to < perPx) {
      const jump = firstBehind(cover, to + perPx, at);
      to = Math.max(to, cover[jump * 2 + 1]!);
      at = jump + 1;
    }
    each(Math.max(-4, toPx(port, from)), Math.min(port.width + 4, toPx(port, to)));
    if (to > port.window.to) return;
  }
}

/** The last pair from `low` on that starts before the moment. */
function firstBehind(cover: Cover, moment: number, low: number): number {
  let left = low;
  let right = cover.length / 2 - 1;
  while (left < right) {
    const middle = (left + right + 1) >> 1;
    if (cover[middle * 2]! < moment) left = middle;
    else right = middle - 1;
  }
  return left;
}
