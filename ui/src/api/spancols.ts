/** Reads `application/x-spancols`: the spans of a trace as columns, in blocks that follow each other in one stream. */

export type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;

interface Header {
  v: number;
  rows: number;
  offset: number;
  total: number;
  gen: number | string | null;
  t0: string;
  dict?: { service?: string[]; name?: string[] };
  cols: { name: string; type: string; off: number; len: number }[];
}

export interface Block {
  rows: number;
  offset: number;
  total: number;
  gen: string;
  t0: bigint;
  /** What the indexes mean; empty when it is what an earlier block has said. */
  services: readonly string[];
  names: readonly string[];
  columns: ReadonlyMap<string, Column>;
}

/** The bytes are no x-spancols block. */
export class SpanColsError extends Error {}

const MAGIC = 0x31504353;
const BYTES: Record<string, number> = { u8: 1, u16: 2, u32: 4, f64: 8, b8: 8 };

function view(type: string, buffer: ArrayBuffer, at: number, rows: number): Column {
  if (type === "f64") return new Float64Array(buffer, at, rows);
  if (type === "u32") return new Uint32Array(buffer, at, rows);
  if (type === "u16") return new Uint16Array(buffer, at, rows);
  return new Uint8Array(buffer, at, type === "b8" ? rows * 8 : rows);
}

/** Decodes one block; its columns are views of the buffer, nothing is copied. */
export function decodeBlock(buffer: ArrayBuffer): Block {
  const bytes = new DataView(buffer);
  if (buffer.byteLength < 8 || bytes.getUint32(0, true) !== MAGIC) throw new SpanColsError("no span columns");
  const start = 8 + bytes.getUint32(4, true);
  if (start > buffer.byteLength || start % 8 !== 0) throw new SpanColsError("the header is cut or not aligned");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, start - 8))) as Header;
  const columns = new Map<string, Column>();
  for (const { name, type, off, len } of header.cols) {
    const size = BYTES[type];
    if (size === undefined) continue;
    if (len !== size * header.rows || off < start || off + len > buffer.byteLength)
      throw new SpanColsError(`${name} is cut`);
    columns.set(name, view(type, buffer, off, header.rows));
  }
  return {
    rows: header.rows,
    offset: header.offset,
    total: header.total,
    gen: String(header.gen ?? ""),
    t0: BigInt(header.t0 ?? 0),
    services: header.dict?.service ?? [],
    names: header.dict?.name ?? [],
    columns,
  };
}

/** Collects chunks of a stream and hands out runs of bytes of the asked length. */
class Inbox {
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(private readonly reader: ReadableStreamDefaultReader<Uint8Array>) {}

  /** Returns the next bytes in a buffer of their own, or null at the end of the stream. */
  async take(length: number): Promise<ArrayBuffer | null> {
    while (this.#size < length) {
      const { done, value } = await this.reader.read();
      if (done) {
        if (this.#size > 0) throw new SpanColsError("the stream ends inside a block");
        return null;
      }
      this.#chunks.push(value);
      this.#size += value.length;
    }
    const out = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, length - at);
      out.set(part, at);
      at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#size -= length;
    return out.buffer;
  }
}

/** Yields the blocks of a stream as they arrive. */
export async function* readBlocks(body: ReadableStream<Uint8Array>): AsyncGenerator<Block> {
  const reader = body.getReader();
  const inbox = new Inbox(reader);
  try {
    for (;;) {
      const prefix = await inbox.take(4);
      if (prefix === null) return;
      const block = await inbox.take(new DataView(prefix).getUint32(0, true));
      if (block === null) throw new SpanColsError("the stream ends before its block");
      yield decodeBlock(block);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
