import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

/** Retries only what may pass by itself: an unreachable or busy server, never a refusal. */
function retry(failures: number, error: Error): boolean {
  return failures < 2 && error instanceof ApiError && error.offline;
}

/** The one cache of server data; keys are made of the canonical URL state. */
export const queries = new QueryClient({
  defaultOptions: { queries: { retry, staleTime: 10_000, gcTime: 60_000, refetchOnWindowFocus: false } },
});
