import { useCallback, useMemo } from "react";
import { useSetUrl, useUrl } from "../../url/search";
import { type Filter, parseQuery, printQuery, QuerySyntaxError } from "../../url/traceql";

export interface ExploreQuery {
  /** The text as it stands in the address. */
  text: string;
  filters: readonly Filter[];
  /** The text that is sent: canonical, `{ }` for everything. */
  canonical: string;
  error: QuerySyntaxError | null;
}

/** Reads a text; a wrong one has no filters, and says where it is wrong. */
export function readQuery(text: string): ExploreQuery {
  try {
    const filters = parseQuery(text);
    return { text, filters, canonical: printQuery(filters), error: null };
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error;
    return { text, filters: [], canonical: text, error };
  }
}

/** The query of the address, and how to change it: by text or by filters. */
export function useExplore(): ExploreQuery & {
  setText: (text: string) => void;
  setFilters: (next: readonly Filter[]) => void;
} {
  const { q = "" } = useUrl();
  const set = useSetUrl();
  const query = useMemo(() => readQuery(q), [q]);
  const setFilters = useCallback(
    (next: readonly Filter[]) => set({ q: next.length > 0 ? printQuery(next) : undefined }),
    [set],
  );
  const setText = useCallback(
    (text: string) => {
      const read = readQuery(text);
      set({ q: read.error ? text : read.filters.length > 0 ? read.canonical : undefined });
    },
    [set],
  );
  return { ...query, setText, setFilters };
}
