import type { Block } from "../../api/spancols";

export const FLAG = {
  error: 1,
  origin: 1 << 1,
  critical: 1 << 2,
  orphan: 1 << 3,
  placeholder: 1 << 4,
  skew: 1 << 5,
  events: 1 << 6,
  links: 1 << 7,
  logs: 1 << 8,
  redacted: 1 << 9,
  open: 1 << 10,
  outlives: 1 << 11,
  big: 1 << 12,
  inferred: 1 << 13,
} as const;

export const KIND_NAMES = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;
export const STATUS_NAMES = ["unset", "ok", "error"] as const;

/** Strings with an index; the same text always has the same index. */
export class Dictionary {
  readonly texts: string[] = [];
  readonly #at = new Map<string, number>();

  add(text: string): number {
    const known = this.#at.get(text);
    if (known !== undefined) return known;
    this.#at.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}

/** The spans of one trace in pre-order, one typed array per field; times are ns from `t0`, exact to 2^53. */
export class Columns {
  rows = 0;
  total = 0;
  gen = "";
  t0 = 0n;
  /** Earliest start and latest end of all rows so far. */
  low = 0;
  high = 0;
  depth = new Uint16Array(0);
  start = new Float64Array(0);
  dur = new Float64Array(0);
  service = new Uint16Array(0);
  name = new Uint32Array(0);
  kst = new Uint8Array(0);
  flags = new Uint16Array(0);
  id = new Uint8Array(0);
  /** How many rows have their id. */
  ids = 0;
  readonly services = new Dictionary();
  readonly names = new Dictionary();

  #room = 0;
  #serviceAt: readonly number[] = [];
  #nameAt: readonly number[] = [];

  /** Appends a block behind the rows that are there; blocks come in order. */
  append(block: Block): void {
    if (this.rows === 0) {
      this.t0 = block.t0;
      this.gen = block.gen;
    }
    this.total = Math.max(block.total, this.rows + block.rows);
    this.#reserve(this.total);
    const at = this.rows;
    for (const name of ["depth", "start", "dur", "kst", "flags"] as const) {
      const column = block.columns.get(name);
      if (column) this[name].set(column, at);
    }
    this.#serviceAt = tableOf(block.services, this.services, this.#serviceAt);
    this.#nameAt = tableOf(block.names, this.names, this.#nameAt);
    remap(block.columns.get("service"), this.#serviceAt, this.service, at);
    remap(block.columns.get("name"), this.#nameAt, this.name, at);
    this.rows += block.rows;
    this.#measure(at);
  }

  /** Takes the ids of a block that came with `cols=id`. */
  appendIds(block: Block): void {
    const ids = block.columns.get("id");
    this.#reserve(block.total);
    if (!ids || (block.offset + block.rows) * 8 > this.id.length) return;
    this.id.set(ids, block.offset * 8);
    this.ids = Math.max(this.ids, block.offset + block.rows);
  }

  #measure(from: number): void {
    let low = from === 0 ? Number.POSITIVE_INFINITY : this.low;
    let high = from === 0 ? Number.NEGATIVE_INFINITY : this.high;
    for (let i = from; i < this.rows; i++) {
      const start = this.start[i]!;
      const end = start + Math.max(0, this.dur[i]!);
      if (start < low) low = start;
      if (end > high) high = end;
    }
    this.low = this.rows === 0 ? 0 : low;
    this.high = this.rows === 0 ? 0 : high;
  }

  #reserve(rows: number): void {
    if (rows <= this.#room) return;
    this.depth = grown(this.depth, new Uint16Array(rows));
    this.start = grown(this.start, new Float64Array(rows));
    this.dur = grown(this.dur, new Float64Array(rows));
    this.service = grown(this.service, new Uint16Array(rows));
    this.name = grown(this.name, new Uint32Array(rows));
    this.kst = grown(this.kst, new Uint8Array(rows));
    this.flags = grown(this.flags, new Uint16Array(rows));
    this.id = grown(this.id, new Uint8Array(rows * 8));
    this.#room = rows;
  }

  serviceOf(row: number): string {
    return this.services.texts[this.service[row]!] ?? "";
  }

  nameOf(row: number): string {
    return this.names.texts[this.name[row]!] ?? "";
  }

  kindOf(row: number): number {
    return this.kst[row]! & 7;
  }

  statusOf(row: number): number {
    return (this.kst[row]! >> 3) & 3;
  }

  has(row: number, flag: number): boolean {
    return (this.flags[row]! & flag) !== 0;
  }

  /** The span id as 16 hex digits, or null while the ids are on their way. */
  idOf(row: number): string | null {
    if (row >= this.ids) return null;
    let text = "";
    for (let b = row * 8; b < row * 8 + 8; b++) text += this.id[b]!.toString(16).padStart(2, "0");
    return text;
  }

  /** The first row with this span id, or -1. */
  rowOf(id: string): number {
    if (!/^[0-9a-f]{16}$/.test(id)) return -1;
    const wanted = new DataView(new ArrayBuffer(8));
    wanted.setBigUint64(0, BigInt(`0x${id}`));
    const first = wanted.getUint8(0);
    const last = wanted.getUint8(7);
    for (let row = 0, at = 0; row < this.ids; row++, at += 8)
      if (this.id[at] === first && this.id[at + 7] === last && this.idOf(row) === id) return row;
    return -1;
  }
}

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(from: T, into: T): T {
  into.set(from as never);
  return into;
}

/** Where the texts of a block stand in the dictionary; a block without texts goes on with those before. */
function tableOf(texts: readonly string[], dictionary: Dictionary, before: readonly number[]): readonly number[] {
  return texts.length > 0 ? texts.map((text) => dictionary.add(text)) : before;
}

function remap(
  column: ArrayLike<number> | undefined,
  table: readonly number[],
  into: Uint16Array | Uint32Array,
  at: number,
): void {
  if (!column) return;
  for (let i = 0; i < column.length; i++) into[at + i] = table[column[i]!] ?? 0;
}
