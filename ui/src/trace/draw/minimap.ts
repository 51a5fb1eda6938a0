import type { Columns } from "../model/columns";
import type { Span } from "../model/zoom";
import { type RectList, STYLE } from "./rects";

/** How many spans run in each pixel column, and which columns hold errors or matches. */
export interface Density {
  running: Float64Array;
  errors: Uint8Array;
  matches: Uint8Array;
}

/** Counts in one pass with a difference per column; the cost is one addition per span. */
export function density(columns: Columns, whole: Span, width: number, match: Uint8Array | null): Density {
  const steps = new Float64Array(width + 1);
  const errors = new Uint8Array(width);
  const matches = new Uint8Array(width);
  const scale = width / (whole.to - whole.from);
  const last = width - 1;
  for (let i = 0; i < columns.rows; i++) {
    const start = (columns.start[i]! - whole.from) * scale;
    const from = Math.min(last, Math.max(0, Math.floor(start)));
    const to = Math.min(last, Math.max(from, Math.floor(start + Math.max(0, columns.dur[i]!) * scale)));
    steps[from]!++;
    steps[to + 1]!--;
    if (columns.kst[i]! >> 3 === 2) errors[from] = 1;
    if (match?.[i]) matches[from] = 1;
  }
  const running = new Float64Array(width);
  for (let x = 0, sum = 0; x < width; x++) running[x] = sum += steps[x]!;
  return { running, errors, matches };
}

/** Columns of logarithmic height from the bottom; error ticks above, match ticks below. */
export function minimapRects(data: Density, height: number, into: RectList): void {
  const most = Math.log1p(data.running.reduce((a, b) => Math.max(a, b), 1));
  const room = height - 8;
  for (let x = 0; x < data.running.length; x++) {
    const high = data.running[x]! > 0 ? Math.max(2, (Math.log1p(data.running[x]!) / most) * room) : 0;
    if (high > 0) into.push(STYLE.density, x, height - 2 - high, 1, high);
    if (data.errors[x]) into.push(STYLE.densityError, x, 1, 2, 6);
    if (data.matches[x]) into.push(STYLE.match, x, height - 3, 2, 3);
  }
}
