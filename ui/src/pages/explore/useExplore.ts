import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { parseRead } from "../../api/reads";
import type { ParseResult } from "../../api/types";
import { useSetUrl, useUrl } from "../../url/search";
import { type Filter, parseQuery, printQuery, QuerySyntaxError } from "../../url/traceql";

/** What is wrong with a text, where, and what to write instead; offsets count UTF-16 units. */
export interface Mistake {
  from: number;
  to: number;
  message: string;
  hint: string;
}

export interface ExploreQuery {
  /** The text as it stands in the address. */
  text: string;
  filters: readonly Filter[];
  /** The text that is sent: canonical, `{ }` for everything. */
  canonical: string;
  /** The query is more than conditions joined by `&&`: no filters stand for it. */
  plain: boolean;
  /** The query gives series, not traces. */
  series: boolean;
  /** The server is still reading it. */
  pending: boolean;
  error: Mistake | null;
}

/** Reads a conjunction; any other text has no filters, and an error that the server may not share. */
export function readQuery(text: string): ExploreQuery {
  const none = { text, filters: [], canonical: text, plain: false, series: false, pending: false };
  try {
    const filters = parseQuery(text);
    return { ...none, filters, canonical: printQuery(filters), error: null };
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error;
    return { ...none, error };
  }
}

/** The offset in UTF-16 units of a character. */
function unit(text: string, character: number): number {
  return [...text].slice(0, character).join("").length;
}

/** What the server makes of a text that is no conjunction for the browser. */
export function understood(text: string, result: ParseResult): ExploreQuery {
  const none = { text, filters: [], canonical: text, plain: false, series: false, pending: false };
  const wrong = result.errors[0];
  if (wrong) return { ...none, error: { ...wrong, from: unit(text, wrong.from), to: unit(text, wrong.to) } };
  const filters = result.filters as Filter[] | null;
  const series = result.kind === "metrics";
  const canonical = result.canonical ?? text;
  return { ...none, filters: filters ?? [], canonical, plain: filters === null, series, error: null };
}

/** The query of the address, and how to change it: by text or by filters. */
export function useExplore(): ExploreQuery & {
  setText: (text: string) => void;
  setFilters: (next: readonly Filter[]) => void;
} {
  const { q = "" } = useUrl();
  const set = useSetUrl();
  const local = useMemo(() => readQuery(q), [q]);
  const read = useQuery({ ...parseRead(q), enabled: local.error !== null });
  const query = useMemo(() => {
    if (!local.error || read.isError) return local;
    return read.data ? understood(q, read.data.data) : { ...local, pending: true, error: null };
  }, [q, local, read.data, read.isError]);
  const setFilters = useCallback(
    (next: readonly Filter[]) => set({ q: next.length > 0 ? printQuery(next) : undefined }),
    [set],
  );
  const setText = useCallback(
    (text: string) => {
      const next = readQuery(text);
      set({ q: next.error ? text : next.filters.length > 0 ? next.canonical : undefined });
    },
    [set],
  );
  return { ...query, setText, setFilters };
}
