import { expect, test } from "vitest";
import { encodeBlock, encodeStream } from "../../e2e/fixture/spancols";
import { decodeBlock, readBlocks, SpanColsError } from "./spancols";

const rows = Array.from({ length: 5000 }, (_, i) => ({
  depth: i % 5,
  start: i * 1.5,
  dur: i,
  service: `s${i % 3}`,
  name: `n${i % 11}`,
  kind: 3,
  status: 2,
  flags: i % 4096,
}));

/** The stream in pieces of odd sizes, as a network delivers it. */
function pieces(size: number): ReadableStream<Uint8Array> {
  const all = [...encodeStream(rows)].flatMap((block) => [...block]);
  return new ReadableStream({
    start: (to) => {
      for (let at = 0; at < all.length; at += size) to.enqueue(Uint8Array.from(all.slice(at, at + size)));
      to.close();
    },
  });
}

test("a stream survives encoding, any cutting and decoding", async () => {
  for (const size of [7, 4096, 1 << 20]) {
    let at = 0;
    for await (const block of readBlocks(pieces(size))) {
      expect(block.offset).toBe(at);
      expect(block.total).toBe(5000);
      expect([...block.columns.get("start")!]).toEqual(rows.slice(at, at + block.rows).map((r) => r.start));
      expect(block.services[block.columns.get("service")![0]!]).toBe(rows[at]!.service);
      at += block.rows;
    }
    expect(at).toBe(5000);
  }
});

test("bytes that are no block, or a cut one, are refused", () => {
  const block = encodeBlock(rows.slice(0, 3));
  expect(() => decodeBlock(new ArrayBuffer(16))).toThrow(SpanColsError);
  expect(() => decodeBlock(block.slice(0, block.length - 40).buffer)).toThrow(SpanColsError);
});

test("ids come as eight bytes each", () => {
  const block = decodeBlock(encodeBlock([{ ...rows[0]!, id: "00ff00ff00ff00ff" }], { ids: true }).buffer);
  expect([...block.columns.get("id")!]).toEqual([0, 255, 0, 255, 0, 255, 0, 255]);
});
