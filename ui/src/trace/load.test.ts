import { afterEach, expect, test, vi } from "vitest";
import { encodeStream } from "../../e2e/fixture/spancols";
import { loadTrace } from "./load";
import type { Columns } from "./model/columns";

const row = (id: string, depth: number, start: number) => ({ id, depth, start, dur: 10, service: "shop", name: id });
const ROOT = row("00000000000000a0", 0, 0);
const OLD = row("00000000000000c0", 1, 20);
const LATE = row("00000000000000b0", 1, 10);

/** A server whose trace grows after a number of requests for its spans. */
function growing(after: number): void {
  let asked = 0;
  vi.stubGlobal("fetch", async (address: string) => {
    if (address.endsWith("/summary")) return Response.json({ data: { state: "settled" } });
    const grown = asked++ >= after;
    const rows = grown ? [ROOT, LATE, OLD] : [ROOT, OLD];
    const blocks = [...encodeStream(rows, { gen: grown ? 2 : 1, ids: address.includes("cols=id") })];
    return new Response(new Blob(blocks));
  });
}

afterEach(() => vi.unstubAllGlobals());

test.each([1, 2])("each row has the id of its span when late spans come after request %i", async (after) => {
  growing(after);
  const shown: { columns?: Columns } = {};
  const arrival = {
    summary: () => undefined,
    rows: (columns: Columns) => {
      shown.columns = columns;
    },
    ids: () => undefined,
  };
  await loadTrace("a".repeat(32), new AbortController().signal, arrival);
  const { columns } = shown;
  expect(columns?.ids).toBe(columns?.rows);
  for (let at = 0; at < columns!.rows; at++) expect(columns?.idOf(at)).toBe(columns?.nameOf(at));
});
