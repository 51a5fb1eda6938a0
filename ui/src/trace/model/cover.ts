import type { Columns } from "./columns";
import type { Derived } from "./derive";

/** Times when something runs, as disjoint pairs from, to in order. */
export type Cover = Float64Array;

/** Merges intervals that come sorted by start; holes below `hole` ns are closed. */
class Merger {
  #out: number[] = [];
  #from = Number.NaN;
  #to = Number.NEGATIVE_INFINITY;

  add(from: number, to: number): void {
    if (from <= this.#to) {
      if (to > this.#to) this.#to = to;
      return;
    }
    this.#flush();
    this.#from = from;
    this.#to = to;
  }

  #flush(): void {
    if (!Number.isNaN(this.#from)) this.#out.push(this.#from, this.#to);
  }

  done(): Cover {
    this.#flush();
    return Float64Array.from(this.#out);
  }
}

/** When direct children of the row run, clipped to the row. */
export function childCover(columns: Columns, derived: Derived, row: number): Cover {
  const low = columns.start[row]!;
  const high = low + Math.max(0, columns.dur[row]!);
  const merger = new Merger();
  for (const child of derived.children(row)) {
    const from = Math.max(low, columns.start[child]!);
    const to = Math.min(high, columns.start[child]! + Math.max(0, columns.dur[child]!));
    if (to > from) merger.add(from, to);
  }
  return merger.done();
}

/** When the siblings of a fold run. */
export function foldCover(columns: Columns, derived: Derived, row: number, count: number): Cover {
  const merger = new Merger();
  for (let i = 0, at = row; i < count; i++, at += derived.subtree[at]!)
    merger.add(columns.start[at]!, columns.start[at]! + Math.max(0, columns.dur[at]!));
  return merger.done();
}

/** From the first start to the last end below a closed row. */
export function extent(columns: Columns, derived: Derived, row: number): Cover {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = row + 1; i < row + derived.subtree[row]!; i++) {
    low = Math.min(low, columns.start[i]!);
    high = Math.max(high, columns.start[i]! + Math.max(0, columns.dur[i]!));
  }
  return high >= low ? Float64Array.of(low, high) : new Float64Array(0);
}

/** Sum, longest and errors of the siblings that a fold stands for. */
export function foldFacts(columns: Columns, derived: Derived, row: number, count: number) {
  let sum = 0;
  let longest = row;
  let errors = 0;
  for (let i = 0, at = row; i < count; i++, at += derived.subtree[at]!) {
    sum += Math.max(0, columns.dur[at]!);
    if (columns.dur[at]! > columns.dur[longest]!) longest = at;
    if (columns.statusOf(at) === 2) errors++;
  }
  return { sum, longest, errors, max: Math.max(0, columns.dur[longest]!) };
}

/** Remembers what was computed per row until rows are added; bounded. */
export class CoverCache {
  #kept = new Map<string, Cover>();

  get(key: string, make: () => Cover): Cover {
    const known = this.#kept.get(key);
    if (known) return known;
    if (this.#kept.size > 4000) this.#kept.clear();
    const made = make();
    this.#kept.set(key, made);
    return made;
  }

  clear(): void {
    this.#kept.clear();
  }
}

/** The index of the first pair that ends after the moment. */
export function firstAfter(cover: Cover, at: number): number {
  let low = 0;
  let high = cover.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cover[middle * 2 + 1]! <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
