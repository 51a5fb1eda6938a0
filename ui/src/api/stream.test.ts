import { expect, test } from "vitest";
import { readLines } from "./stream";

function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<unknown[]> {
  const rows = [];
  for await (const row of readLines(stream)) rows.push(row);
  return rows;
}

test("records that are cut anywhere, even inside a character, arrive whole and in order", async () => {
  const bytes = new TextEncoder().encode('{"a":"ü€😀"}\n\n{"b":2}\n{"c":3}');
  const expected = [{ a: "ü€😀" }, { b: 2 }, { c: 3 }];
  for (let cut = 0; cut <= bytes.length; cut++)
    expect(await collect(streamOf(bytes.slice(0, cut), bytes.slice(cut)))).toEqual(expected);
  expect(await collect(streamOf(...Array.from(bytes, (b) => new Uint8Array([b]))))).toEqual(expected);
});

test("an empty stream has no records, and a broken one raises", async () => {
  expect(await collect(streamOf())).toEqual([]);
  await expect(collect(streamOf(new TextEncoder().encode('{"a":1}\n{"b"')))).rejects.toThrow();
});
