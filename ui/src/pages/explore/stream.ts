/** The state of a search while its answer streams in. Pure: events in, state out. */
import type { Meta, TraceRow } from "../../api/types";

export type SearchEvent =
  | { type: "queued"; position: number }
  | { type: "progress"; reached_ns?: string; found?: number; scanned_rows?: number }
  | { type: "trace"; trace: TraceRow }
  | { type: "end"; cursor: string | null; meta: Meta }
  | { type: "error"; code: string; detail: string; hint: string | null };

export interface SearchState {
  phase: "loading" | "more" | "done" | "stopped" | "failed";
  rows: readonly TraceRow[];
  /** The rows are those of the search before, until the first new one comes. */
  stale: boolean;
  cursor: string | null;
  meta: Meta | null;
  progress: { found: number; scanned: number } | null;
  /** Its place among the searches that wait for a reader, 0 once it runs. */
  queued: number;
  error: Error | null;
}

export const EMPTY: SearchState = {
  phase: "loading",
  rows: [],
  stale: false,
  cursor: null,
  meta: null,
  progress: null,
  queued: 0,
  error: null,
};

export type Action =
  | { do: "start" }
  | { do: "more" }
  | { do: "rows"; rows: TraceRow[] }
  | { do: "queued"; position: number }
  | { do: "progress"; found: number; scanned: number }
  | { do: "end"; cursor: string | null; meta: Meta }
  | { do: "stop" }
  | { do: "fail"; error: Error };

export function reduce(state: SearchState, action: Action): SearchState {
  switch (action.do) {
    case "start":
      return { ...EMPTY, rows: state.rows, stale: true };
    case "more":
      return { ...state, phase: "more", error: null };
    case "rows":
      return { ...state, rows: state.stale ? action.rows : merge(state.rows, action.rows), stale: false };
    case "queued":
      return { ...state, queued: action.position };
    case "progress":
      return { ...state, queued: 0, progress: { found: action.found, scanned: action.scanned } };
    case "end":
      return {
        ...state,
        phase: "done",
        rows: state.stale ? [] : state.rows,
        stale: false,
        cursor: action.cursor,
        meta: action.meta,
        progress: null,
      };
    case "stop":
      return { ...state, phase: "stopped", rows: state.stale ? [] : state.rows, stale: false };
    case "fail":
      return { ...state, phase: "failed", error: action.error, progress: null };
  }
}

/** Appends, leaving out traces that are there already (late spans can move a trace between pages). */
function merge(before: readonly TraceRow[], added: readonly TraceRow[]): TraceRow[] {
  const known = new Set(before.map((row) => row.trace_id));
  return [...before, ...added.filter((row) => !known.has(row.trace_id))];
}
