/** The shapes of the API that pages work with. */

export interface Meta {
  total: { value: number; exact: boolean } | null;
  returned: number;
  truncated: { reason: string; limit: number | null; hint: string | null } | null;
  sampled: unknown;
  scanned: { rows: number; bytes: number; ms: number };
  window: { from_ns: string; to_ns: string } | null;
  fresh_ns: string | null;
  duplicates: number;
  gen: number | string | null;
}

export interface Answer<T> {
  data: T;
  meta: Meta;
}

export interface ServiceShare {
  service: string;
  spans: number;
  errors: number;
}

export interface MatchedSpan {
  span_id: string;
  service: string;
  name: string;
  kind: string;
  status: string;
  start_ns: string;
  duration_ns: number;
}

export interface TraceRow {
  trace_id: string;
  start_ns: string;
  duration_ns: number;
  root_service: string | null;
  root_name: string | null;
  root_received: boolean;
  spans: number;
  errors: number;
  services: ServiceShare[];
  matched: { count: number; spans: MatchedSpan[] };
}

export interface SearchPage {
  traces: TraceRow[];
  cursor: string | null;
}

export interface HistogramData {
  start_ms: number[];
  step_ms: number;
  total: number[];
  errors: number[];
}

export interface ServiceRow {
  service: string;
  spans: number;
  errors: number;
  p50_ns: number;
  p95_ns: number;
  last_seen_ns: string;
}

export interface OperationRow {
  name: string;
  kind: string;
  spans: number;
  errors: number;
}

export interface FieldRow {
  level: string;
  key: string;
  types: string[];
  more: boolean;
}

export interface FieldValues {
  values: { type: string; value: string | number | boolean }[];
  more: boolean;
}

export interface Ledger {
  received: number;
  stored: number;
  pending: number;
  sampled_out: number;
  rejected: number;
  lost: number;
  rejected_by?: Record<string, number>;
  lost_by?: Record<string, number>;
}

export interface Status {
  ready: boolean;
  version: string;
  checks: { name: string; ok: boolean; detail: string | null }[];
  ledger: Ledger;
  logs?: Ledger;
  requests_refused: Record<string, number>;
  journal: { bytes: number; max_bytes: number; segments: number; quarantined: number; oldest_age_s: number | null };
  lag_s: number;
  disk: {
    data_bytes: number;
    free_bytes: number;
    max_bytes: number | null;
    reserve_bytes: number | null;
    by_table: Record<string, number>;
  };
  engine: { kind: string; version: string };
  uptime_s: number;
  newest_span_ns: string | null;
}
