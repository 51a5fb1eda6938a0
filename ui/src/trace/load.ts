import { open } from "../api/client";
import { readBlocks } from "../api/spancols";
import type { Envelope_MatchResult, Envelope_TraceSummary } from "../api/types.gen";
import { Columns } from "./model/columns";
import { Derived } from "./model/derive";

const SPANCOLS = { Accept: "application/x-spancols" };

/** What a trace page is told while its trace arrives. */
export interface Arrival {
  summary: (summary: Envelope_TraceSummary) => void;
  /** Rows were added to the columns and what follows from them. */
  rows: (columns: Columns, derived: Derived, complete: boolean) => void;
  ids: () => void;
}

async function loadSummary(id: string, signal: AbortSignal): Promise<Envelope_TraceSummary> {
  const response = await open("GET /traces/{trace_id}/summary", { path: { trace_id: id }, signal });
  return (await response.json()) as Envelope_TraceSummary;
}

/**
 * Loads a trace: the summary first on screen, the columns block by block, the ids last. What is on screen already (`shown`)
 * is replaced at once, when all of a newer state of the trace is there, ids too. Ids of a newer state than the columns fit
 * other rows: all is loaded again.
 */
export async function loadTrace(id: string, signal: AbortSignal, arrival: Arrival, shown?: Columns): Promise<void> {
  const path = { trace_id: id };
  const columns = new Columns();
  const derived = new Derived();
  const first = open("GET /traces/{trace_id}/spans", { path, signal, headers: SPANCOLS });
  first.catch(() => undefined);
  arrival.summary(await loadSummary(id, signal));
  for await (const block of readBlocks((await first).body!)) {
    if (signal.aborted) return;
    columns.append(block);
    if (columns.gen === shown?.gen) return;
    derived.append(columns);
    if (!shown && columns.rows < columns.total) arrival.rows(columns, derived, false);
  }
  if (!shown) arrival.rows(columns, derived, true);
  const ids = await open("GET /traces/{trace_id}/spans", { path, query: { cols: "id" }, signal, headers: SPANCOLS });
  for await (const block of readBlocks(ids.body!)) {
    if (block.gen !== columns.gen) return loadTrace(id, signal, arrival, shown ?? columns);
    columns.appendIds(block);
  }
  if (signal.aborted) return;
  if (shown) arrival.rows(columns, derived, true);
  else arrival.ids();
}

/** Asks the server which rows match what columns cannot tell. */
export async function matchRows(
  id: string,
  body: { q: string } | { text: string },
  signal: AbortSignal,
): Promise<number[]> {
  const response = await open("POST /traces/{trace_id}/match", { path: { trace_id: id }, body, signal });
  return ((await response.json()) as Envelope_MatchResult).data.rows;
}
