import { useCallback, useMemo, useSyncExternalStore } from "react";
import { serverNow } from "../api/clock";
import { useSetUrl, useUrl } from "../url/search";
import { DEFAULT_RANGE, type Range, resolve, type Span } from "../url/time";

let runs = 0;
const listeners = new Set<() => void>();

/** Reads everything on the page again; live ranges then end now. */
export function refresh(): void {
  runs++;
  for (const listener of listeners) listener();
}

export function useRun(): number {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => runs,
  );
}

export function rangeOf(url: Record<string, string>): Range {
  return { from: url.from ?? DEFAULT_RANGE.from, to: url.to ?? DEFAULT_RANGE.to };
}

/** The time range of the address. */
export function useRange(): [Range, (range: Range, options?: { replace?: boolean }) => void] {
  const url = useUrl();
  const set = useSetUrl();
  const write = useCallback(
    (range: Range, options?: { replace?: boolean }) => set({ from: range.from, to: range.to }, options),
    [set],
  );
  return [rangeOf(url), write];
}

/** The range as two moments, fixed until the range or the run changes, so that all panels show the same window. */
export function useWindow(): Span {
  const [{ from, to }] = useRange();
  const run = useRun();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new run means a new now
  return useMemo(() => resolve({ from, to }, serverNow()), [from, to, run]);
}
