/** The reads that pages share, as options of TanStack Query; keys are the request. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "./client";

export interface WindowText {
  from: string;
  to: string;
}

export const statusRead = queryOptions({
  queryKey: ["status"],
  queryFn: ({ signal }) => call("GET /status", { signal }),
  refetchInterval: 5000,
  staleTime: 2000,
});

export const servicesRead = (window: WindowText) =>
  queryOptions({
    queryKey: ["services", window],
    queryFn: ({ signal }) => call("GET /services", { query: window, signal }),
    staleTime: 60_000,
  });

export const operationsRead = (service: string, window: WindowText) =>
  queryOptions({
    queryKey: ["operations", service, window],
    queryFn: ({ signal }) => call("GET /services/{service}/operations", { path: { service }, query: window, signal }),
    enabled: service !== "",
    staleTime: 60_000,
  });

export const fieldsRead = (window: WindowText) =>
  queryOptions({
    queryKey: ["fields", window],
    queryFn: ({ signal }) => call("GET /fields", { query: window, signal }),
    staleTime: 60_000,
  });

export const valuesRead = (level: string, key: string, prefix: string, window: WindowText) =>
  queryOptions({
    queryKey: ["values", level, key, prefix, window],
    queryFn: ({ signal }) => {
      const query = { level: level as "span", key, prefix, ...window };
      return call("GET /fields/values", { query, signal });
    },
    enabled: key !== "",
    staleTime: 60_000,
  });

export interface HistogramQuery extends WindowText {
  q: string;
  buckets?: number;
}

export const histogramRead = (body: HistogramQuery, run = 0) =>
  queryOptions({
    queryKey: ["histogram", body, run],
    queryFn: ({ signal }) => call("POST /histogram", { body, signal }),
  });

/** What the server makes of a text; the meaning of a text does not change. */
export const parseRead = (q: string) =>
  queryOptions({
    queryKey: ["parse", q],
    queryFn: ({ signal }) => call("POST /query/parse", { body: { q }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What may stand at a cursor of an unfinished text; the cursor counts characters. */
export const completionRead = (q: string, cursor: number) =>
  queryOptions({
    queryKey: ["completion", q, cursor],
    queryFn: ({ signal }) => call("POST /query/parse", { body: { q, cursor }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The series of a metrics query, with some of the spans behind them. */
export const seriesRead = (body: WindowText & { q: string }, run = 0) =>
  queryOptions({
    queryKey: ["series", body, run],
    queryFn: ({ signal }) => call("POST /metrics/query", { body: { ...body, exemplars: 50 }, signal }),
  });

export const savedRead = queryOptions({
  queryKey: ["saved"],
  queryFn: ({ signal }) => call("GET /queries", { signal }),
});
