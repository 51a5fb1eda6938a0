import type { Columns } from "./columns";

/**
 * What follows from depth and time alone: parent, size of the subtree and self time.
 *
 * One pass without recursion, resumable, so that blocks are taken as they stream in. Children come sorted by start, so
 * the time that they cover grows from left to right and one end per open span is enough to count it once.
 */
export class Derived {
  rows = 0;
  depth = 0;
  parent = new Int32Array(0);
  /** Rows of the subtree with its root; what a collapse skips. */
  subtree = new Uint32Array(0);
  /** Time of the span that no child covers, in ns. */
  self = new Float64Array(0);

  #open: number[] = [];
  #covered: number[] = [];

  /** Takes the rows that have come since the last call. */
  append(columns: Columns): void {
    this.#reserve(columns.start.length);
    const { start, dur } = columns;
    const open = this.#open;
    for (let i = this.rows; i < columns.rows; i++) {
      const depth = Math.min(columns.depth[i]!, open.length);
      while (open.length > depth) this.subtree[open[open.length - 1]!] = i - open.pop()!;
      const parent = depth > 0 ? open[depth - 1]! : -1;
      this.parent[i] = parent;
      this.self[i] = Math.max(0, dur[i]!);
      if (parent >= 0) this.#cover(columns, parent, depth - 1, i);
      open.push(i);
      this.#covered[depth] = start[i]!;
      if (depth > this.depth) this.depth = depth;
    }
    this.rows = columns.rows;
    for (const row of open) this.subtree[row] = this.rows - row;
  }

  #cover(columns: Columns, parent: number, level: number, child: number): void {
    const { start, dur } = columns;
    const end = Math.min(start[child]! + Math.max(0, dur[child]!), start[parent]! + Math.max(0, dur[parent]!));
    const from = Math.max(start[child]!, this.#covered[level]!);
    if (end <= from) return;
    this.self[parent] = Math.max(0, this.self[parent]! - (end - from));
    this.#covered[level] = end;
  }

  #reserve(room: number): void {
    if (room <= this.parent.length) return;
    const parent = new Int32Array(room);
    const subtree = new Uint32Array(room);
    const self = new Float64Array(room);
    parent.set(this.parent);
    subtree.set(this.subtree);
    self.set(this.self);
    Object.assign(this, { parent, subtree, self });
  }

  /** Direct children of a row, first to last. */
  *children(row: number): Generator<number> {
    const end = row + this.subtree[row]!;
    for (let child = row + 1; child < end; child += this.subtree[child]!) yield child;
  }

  /** True when the row is not the last child of its parent: its guide goes on below. */
  hasNext(row: number): boolean {
    const next = row + this.subtree[row]!;
    return next < this.rows && this.parent[next] === this.parent[row];
  }
}
