import { useCallback, useEffect, useReducer, useRef } from "react";
import { ApiError, open } from "../../api/client";
import { readLines } from "../../api/stream";
import type { Meta, SearchPage, TraceRow } from "../../api/types";
import { type Action, EMPTY, reduce, type SearchEvent, type SearchState } from "./stream";

export const PAGE = 50;

export interface SearchRequest {
  q: string;
  from: string;
  to: string;
}

type Dispatch = (action: Action) => void;

/** Rows that arrived together are shown together: one render per chunk of the network, not per row. */
async function follow(events: AsyncIterable<SearchEvent>, dispatch: Dispatch): Promise<void> {
  let waiting: TraceRow[] = [];
  const flush = (): void => {
    if (waiting.length > 0) dispatch({ do: "rows", rows: waiting });
    waiting = [];
  };
  for await (const event of events) {
    if (event.type === "trace") {
      waiting.push(event.trace);
      if (waiting.length >= PAGE) flush();
    } else if (event.type === "progress")
      dispatch({ do: "progress", found: event.found ?? 0, scanned: event.scanned_rows ?? 0 });
    else if (event.type === "queued") dispatch({ do: "queued", position: event.position });
    else if (event.type === "error") throw new ApiError(200, event.code, event.detail, event.hint);
    else if (event.type === "end") {
      flush();
      dispatch({ do: "end", cursor: event.cursor, meta: event.meta });
      return;
    }
  }
  throw new ApiError(0, "cut", "The answer ended before it was complete.");
}

async function search(
  body: SearchRequest & { cursor?: string },
  signal: AbortSignal,
  dispatch: Dispatch,
): Promise<void> {
  const headers = { Accept: "application/x-ndjson, application/json" };
  const response = await open("POST /search", { body: { ...body, limit: PAGE }, headers, signal });
  if (response.headers.get("content-type")?.includes("ndjson") && response.body) {
    await follow(readLines<SearchEvent>(response.body), dispatch);
    return;
  }
  const page = (await response.json()) as { data: SearchPage; meta: Meta };
  dispatch({ do: "rows", rows: page.data.traces });
  dispatch({ do: "end", cursor: page.data.cursor, meta: page.meta });
}

export interface TraceSearch extends SearchState {
  more: () => void;
  stop: () => void;
}

/** Runs the search while the request stays the same; a new request or run aborts the one before. */
export function useTraceSearch(request: SearchRequest | null, run: number): TraceSearch {
  const [state, dispatch] = useReducer(reduce, EMPTY);
  const abort = useRef<AbortController>(null);
  const key = request && JSON.stringify(request);
  const begin = useCallback(
    (cursor: string | null): void => {
      if (key === null) return;
      abort.current?.abort();
      const controller = new AbortController();
      abort.current = controller;
      const { signal } = controller;
      const say: Dispatch = (action) => !signal.aborted && dispatch(action);
      say({ do: cursor ? "more" : "start" });
      const body = { ...(JSON.parse(key) as SearchRequest), ...(cursor ? { cursor } : {}) };
      search(body, signal, say).catch((error: unknown) =>
        say({ do: "fail", error: error instanceof Error ? error : new Error(String(error)) }),
      );
    },
    [key],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new run repeats the same request
  useEffect(() => {
    begin(null);
    return () => abort.current?.abort();
  }, [begin, run]);
  const more = useCallback(() => {
    if (state.cursor && state.phase === "done") begin(state.cursor);
  }, [state.cursor, state.phase, begin]);
  const stop = useCallback(() => {
    abort.current?.abort();
    dispatch({ do: "stop" });
  }, []);
  return { ...state, more, stop };
}
