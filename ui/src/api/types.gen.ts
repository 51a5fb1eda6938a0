/** Generated from schemas/openapi.json by tools/gen_ui_api.py; do not edit. */

export interface Attribute {
  key: string;
  type: string;
  value: unknown;
}

export interface BackedUp {
  path: string;
}

export interface BackupRequest {
  path: string;
}

export interface Check {
  detail: string;
  name: string;
  ok: boolean;
}

export interface Columns {
  columns: Record<string, unknown[]>;
  gen: string;
  rows: number;
  t0: string;
  total: number;
  words: Record<string, string[]>;
}

export interface CompletionModel {
  expected: ("fields" | "values" | "operators" | "logic" | "relations" | "functions" | "spansets" | "keywords")[];
  field: string | null;
  from: number;
  prefix: string;
  where: string;
  words: string[];
}

export interface Deleted {
  spans: number;
  trace_id: string;
}

export interface Diff {
  a: DiffSide;
  added: number;
  b: DiffSide;
  confidence: number;
  faster: number;
  matched: number;
  missing: number;
  operations: DiffOperation[];
  rows: DiffRows;
  slower: number;
}

export interface DiffOperation {
  delta_ns: number;
  kind: string;
  name: string;
  self_a_ns: number;
  self_b_ns: number;
  service: string;
  share: number | null;
  spans_a: number;
  spans_b: number;
}

export interface DiffRequest {
  a: string;
  b: string;
}

export interface DiffRows {
  a: (number | null)[];
  b: (number | null)[];
  change: ("same" | "slower" | "faster" | "added" | "missing")[];
  confidence: number[];
  delta_ns: number[];
  depth: number[];
  name: string[];
  self_delta_ns: number[];
  service: string[];
}

export interface DiffSide {
  duration_ns: number;
  errors: number;
  spans: number;
  start_ns: string;
  trace_id: string;
}

export interface Difference {
  base_coverage: number;
  base_n: number;
  base_share: number;
  coverage: number;
  effect: number;
  high: number;
  key: string;
  level: "intrinsic" | "resource" | "span" | "event";
  lift: number | null;
  low: number;
  n: number;
  p: number;
  q: number;
  sel_share: number;
  type: string;
  value: string;
}

export interface Disk {
  by_table: Record<string, number>;
  data_bytes: number;
  free_bytes: number;
  max_bytes: number | null;
  reserve_bytes: number;
}

export interface EdgeFigures {
  calls: number;
  error_share: number;
  errors: number;
  gap_ns: number | null;
  n: number;
  p50_ns: number | null;
  p95_ns: number | null;
  p99_ns: number | null;
  rate: number;
}

export interface EngineState {
  kind: string;
  version: string;
}

export interface Envelope_BackedUp {
  data: BackedUp;
  meta: Meta;
}

export interface Envelope_Columns {
  data: Columns;
  meta: Meta;
}

export interface Envelope_Deleted {
  data: Deleted;
  meta: Meta;
}

export interface Envelope_Diff {
  data: Diff;
  meta: Meta;
}

export interface Envelope_ErrorDetail {
  data: ErrorDetail;
  meta: Meta;
}

export interface Envelope_ErrorList {
  data: ErrorList;
  meta: Meta;
}

export interface Envelope_FieldValues {
  data: FieldValues;
  meta: Meta;
}

export interface Envelope_Graph {
  data: Graph;
  meta: Meta;
}

export interface Envelope_Heatmap {
  data: Heatmap;
  meta: Meta;
}

export interface Envelope_Histogram {
  data: Histogram;
  meta: Meta;
}

export interface Envelope_Latency {
  data: Latency;
  meta: Meta;
}

export interface Envelope_Logs {
  data: Logs;
  meta: Meta;
}

export interface Envelope_MatchResult {
  data: MatchResult;
  meta: Meta;
}

export interface Envelope_ParseResult {
  data: ParseResult;
  meta: Meta;
}

export interface Envelope_RedSeries {
  data: RedSeries;
  meta: Meta;
}

export interface Envelope_Retried {
  data: Retried;
  meta: Meta;
}

export interface Envelope_SavedQueryModel {
  data: SavedQueryModel;
  meta: Meta;
}

export interface Envelope_SearchPage {
  data: SearchPage;
  meta: Meta;
}

export interface Envelope_SeriesAnswer {
  data: SeriesAnswer;
  meta: Meta;
}

export interface Envelope_Session {
  data: Session;
  meta: Meta;
}

export interface Envelope_SpanDetail {
  data: SpanDetail;
  meta: Meta;
}

export interface Envelope_SqlPreview {
  data: SqlPreview;
  meta: Meta;
}

export interface Envelope_SqlRows {
  data: SqlRows;
  meta: Meta;
}

export interface Envelope_Status {
  data: Status;
  meta: Meta;
}

export interface Envelope_TraceSummary {
  data: TraceSummary;
  meta: Meta;
}

export interface Envelope_Where {
  data: Where;
  meta: Meta;
}

export interface Envelope_list_FieldKey {
  data: FieldKey[];
  meta: Meta;
}

export interface Envelope_list_Operation {
  data: Operation[];
  meta: Meta;
}

export interface Envelope_list_SavedQueryModel {
  data: SavedQueryModel[];
  meta: Meta;
}

export interface Envelope_list_Service {
  data: Service[];
  meta: Meta;
}

export interface Envelope_list_Shape {
  data: Shape[];
  meta: Meta;
}

export interface Envelope_list_SqlView {
  data: SqlView[];
  meta: Meta;
}

export interface ErrorDetail {
  all: number;
  by_version: ErrorVersion[];
  examples: string[];
  group: ErrorGroup;
  known_since_ns: string;
  known_until_ns: string;
  start_ms: number[];
  step_ms: number;
}

export interface ErrorGroup {
  example: string | null;
  fingerprint: string;
  first_ns: string;
  first_version: string;
  frame: string;
  last_ns: string;
  message: string;
  n: number;
  origins: number;
  service: string;
  sparkline: number[];
  traces: number;
  type: string;
  versions: string[];
}

export interface ErrorList {
  groups: ErrorGroup[];
  start_ms: number[];
  step_ms: number;
}

export interface ErrorVersion {
  n: number;
  version: string;
}

export interface Event {
  attributes: Attribute[];
  dropped: number;
  name: string;
  time_ns: string;
}

export interface Exemplar {
  labels: Label[];
  span_id: string;
  time_ms: number;
  trace_id: string;
  value: number;
}

export interface ExplainRequest {
  base?: Selection | null;
  from?: string;
  sel: Selection;
  to?: string;
}

export interface ExplainStep {
  bytes: number;
  ms: number;
  params: Record<string, string>;
  phase: string;
  rows: number;
  runs: number;
  sql: string;
}

export interface FieldKey {
  key: string;
  level: "span" | "resource" | "event" | "link" | "scope";
  more: boolean;
  types: string[];
}

export interface FieldValue {
  type: string;
  value: string;
}

export interface FieldValues {
  more: boolean;
  values: FieldValue[];
}

export interface FilterModel {
  key: string;
  op: "=" | "!=" | ">" | ">=" | "<" | "<=" | "=~" | "!~";
  scope: "intrinsic" | "resource" | "span" | "event" | "link" | "any";
  value: FilterValue;
}

export interface FilterValue {
  type: "string" | "int" | "float" | "bool" | "duration" | "status" | "kind" | "nil";
  value: string | boolean | number | null;
}

export interface Graph {
  edges: GraphEdge[];
  nodes: GraphNode[];
}

export interface GraphEdge {
  change: "new" | "gone" | "same" | null;
  client: string;
  kind: "" | "database" | "messaging_system" | "virtual_node";
  now: EdgeFigures | null;
  server: string;
  was: EdgeFigures | null;
}

export interface GraphNode {
  calls: number;
  errors: number;
  kind: "service" | "database" | "messaging_system" | "virtual_node";
  name: string;
  p50_ns: number | null;
  p95_ns: number | null;
}

export interface Heatmap {
  err: number[][];
  ex: ((string | null)[])[];
  n: number[][];
  step_ms: number;
  table: string;
  x_ms: number[];
  y: number[];
}

export interface HeatmapRequest {
  from?: string;
  q?: string;
  scale?: "log" | "linear";
  to?: string;
  y?: string;
}

export interface HiddenKey {
  key: string;
  level: string;
  reason: string;
  values: number;
}

export interface Histogram {
  errors: number[];
  start_ms: number[];
  step_ms: number;
  total: number[];
}

export interface HistogramRequest {
  buckets?: number;
  from?: string;
  q?: string;
  to?: string;
}

export interface Incomplete {
  reasons: ("no_root" | "missing_parent" | "shared_id")[];
  trace_id: string;
}

export interface InstrumentationScope {
  attributes: Attribute[];
  dropped: number;
  name: string;
  schema_url: string;
  version: string;
}

export interface JournalState {
  bytes: number;
  max_bytes: number;
  oldest_age_s: number;
  quarantined: number;
  segments: number;
}

export interface Label {
  key: string;
  type: "string" | "int" | "float" | "bool" | "duration" | "status" | "kind" | "nil" | "list";
  value: string | boolean | number | (string | number | boolean)[] | null;
}

export interface Latency {
  failed: number[];
  ok: number[];
  quantiles_ns: number[];
  upper_ns: number[];
}

export interface Ledger {
  lost: number;
  lost_by: Record<string, number>;
  pending: number;
  received: number;
  rejected: number;
  rejected_by: Record<string, number>;
  sampled_out: number;
  stored: number;
}

export interface Link {
  attributes: Attribute[];
  dropped: number;
  flags: number;
  span_id: string;
  trace_id: string;
  trace_state: string;
}

export interface LinkedFrom {
  name: string;
  service: string;
  span_id: string;
  trace_id: string;
}

export interface Log {
  attributes: Attribute[];
  body: unknown;
  event_name: string;
  observed_ns: string;
  service: string;
  severity: number;
  severity_text: string;
  span_id: string | null;
  time_ns: string;
}

export interface Logs {
  logs: Log[];
}

export interface MatchRequest {
  q?: string | null;
  text?: string | null;
}

export interface MatchResult {
  rows: number[];
}

export interface Matched {
  count: number;
  spans: MatchedSpan[];
}

export interface MatchedSpan {
  duration_ns: number;
  kind: string;
  name: string;
  service: string;
  span_id: string;
  start_ns: string;
  status: string;
}

export interface Meta {
  duplicates?: number;
  fresh_ns?: string | null;
  gen?: string;
  incomplete?: Incomplete[];
  returned?: number;
  sampled?: Sampled | null;
  scanned?: Scanned;
  total?: Total | null;
  truncated?: Truncated | null;
  window?: Window | null;
}

export interface MetricsRequest {
  exemplars?: number;
  from?: string;
  instant?: boolean;
  max_series?: number;
  q: string;
  step?: string | null;
  to?: string;
}

export interface NamedValue {
  key: string;
  level: "intrinsic" | "resource" | "span" | "event";
  type: string;
  value: string;
}

export interface Operation {
  error_share: number;
  errors: number;
  kind: string;
  name: string;
  p50_ns: number | null;
  p95_ns: number | null;
  p99_ns: number | null;
  rate: number;
  share: number;
  spans: number;
}

export interface PairDifference {
  base_n: number;
  base_share: number;
  effect: number;
  first: NamedValue;
  gain: number;
  high: number;
  lift: number | null;
  low: number;
  n: number;
  p: number;
  q: number;
  second: NamedValue;
  sel_share: number;
}

export interface ParseError {
  column: number;
  from: number;
  hint: string;
  line: number;
  message: string;
  to: number;
}

export interface ParseRequest {
  cursor?: number | null;
  q: string;
}

export interface ParseResult {
  canonical: string | null;
  completion: CompletionModel | null;
  errors: ParseError[];
  filters: FilterModel[] | null;
  kind: "search" | "metrics" | null;
}

export interface Problem {
  code: string;
  detail: string;
  doc: string;
  errors?: (Record<string, unknown>)[] | null;
  hint: string;
  request_id: string;
  status: number;
  title: string;
  type: string;
}

export interface RedSeries {
  errors: number[];
  n: number[];
  p50_ns: (number | null)[];
  p95_ns: (number | null)[];
  p99_ns: (number | null)[];
  rate: number[];
  series: ServiceSeries[];
  start_ms: number[];
  step_ms: number;
}

export interface Resource {
  attributes: Attribute[];
  dropped: number;
  schema_url: string;
}

export interface Retried {
  segments: number;
}

export interface Sampled {
  ci: number[];
  rate: number;
}

export interface SaveRequest {
  description?: string;
  q: string;
}

export interface SavedQueryModel {
  description: string;
  kind: "search" | "metrics";
  name: string;
  q: string;
  updated_ns: string;
}

export interface Scanned {
  bytes: number;
  ms: number;
  rows: number;
}

export interface SearchPage {
  cursor: string | null;
  traces: SearchRow[];
}

export interface SearchRequest {
  cursor?: string | null;
  from?: string;
  limit?: number;
  order?: "newest";
  q?: string;
  spans?: number;
  to?: string;
}

export interface SearchRow {
  duration_ns: number;
  errors: number;
  matched: Matched;
  root_name: string | null;
  root_received: boolean;
  root_service: string | null;
  services: ServiceShare[];
  spans: number;
  spansets?: SpansetModel[] | null;
  start_ns: string;
  trace_id: string;
}

export interface Selection {
  ids?: string[];
  q?: string | null;
}

export interface Series {
  exemplars: Exemplar[];
  labels: Label[];
  values: (number | null)[];
}

export interface SeriesAnswer {
  series: Series[];
  sources: Source[];
  step_ms: number;
  times_ms: number[];
}

export interface Service {
  errors: number;
  last_seen_ns: string;
  p50_ns: number | null;
  p95_ns: number | null;
  service: string;
  spans: number;
}

export interface ServiceSeries {
  errors: number[];
  n: number[];
  p50_ns: (number | null)[];
  p95_ns: (number | null)[];
  p99_ns: (number | null)[];
  rate: number[];
  service: string;
}

export interface ServiceShare {
  errors: number;
  service: string;
  spans: number;
}

export interface Session {
  name: string;
  tenant: string;
  token_needed: boolean;
}

export interface SessionRequest {
  token: string;
}

export interface SetSpan {
  attributes: Attribute[];
  duration_ns: number;
  kind: string;
  name: string;
  service: string;
  span_id: string;
  start_ns: string;
  status: string;
}

export interface Settling {
  again: number;
  days_to_check: number;
  errors: number;
  failing: boolean;
  inexact: number;
  lag_s: number;
  last_error: string;
  pending: number;
  spans: number;
  traces: number;
}

export interface Shape {
  errors: number;
  example: string | null;
  p50_ns: number | null;
  p95_ns: number | null;
  paths: number;
  root_name: string | null;
  root_service: string | null;
  services: string[];
  shape: string;
  share: number;
  spans: number;
  traces: number;
}

export interface Source {
  sql: string;
  table: string;
  why: string;
}

export interface Span {
  dropped_attributes: number;
  dropped_events: number;
  dropped_links: number;
  duration_ns: number;
  end_ns: string;
  flags: number;
  kind: string;
  name: string;
  parent_id: string | null;
  received_ns: string;
  service: string;
  span_id: string;
  start_ns: string;
  status: string;
  status_message: string;
  trace_id: string;
  trace_state: string;
  weight: number;
}

export interface SpanDetail {
  attributes: Attribute[];
  events: Event[];
  linked_from: LinkedFrom[];
  links: Link[];
  logs: Log[];
  marks: string[];
  resource: Resource;
  scope: InstrumentationScope;
  span: Span;
  twins: number;
}

export interface SpanRef {
  duration_ns: number;
  kind: string;
  name: string;
  service: string;
  span_id: string;
  start_ns: string;
  status: string;
}

export interface SpansetModel {
  attributes: Attribute[];
  matched: number;
  spans: SetSpan[];
}

export interface SqlColumn {
  name: string;
  type: string;
}

export interface SqlPreview {
  columns: SqlColumn[];
  rows: number;
  sql: string;
  tables: SqlReading[];
}

export interface SqlReading {
  marks: number;
  parts: number;
  rows: number;
  table: string;
}

export interface SqlRequest {
  format?: "json" | "ndjson" | "csv" | "arrow" | "parquet" | null;
  from?: string | null;
  limit?: number | null;
  sql: string;
  timeout_s?: number | null;
  to?: string | null;
}

export interface SqlRows {
  columns: SqlColumn[];
  rows: unknown[][];
}

export interface SqlView {
  about: string;
  columns: SqlViewColumn[];
  name: string;
  time: string;
}

export interface SqlViewColumn {
  about: string;
  name: string;
  star: boolean;
  type: string;
}

export interface Status {
  checks: Check[];
  disk: Disk;
  engine: EngineState;
  journal: JournalState;
  lag_s: number;
  ledger: Ledger;
  logs: Ledger;
  newest_span_ns: string | null;
  ready: boolean;
  requests_refused: Record<string, number>;
  settling: Settling;
  uptime_s: number;
  version: string;
}

export interface Total {
  exact: boolean;
  value: number;
}

export interface TraceService {
  errors: number;
  self_ns: number;
  service: string;
  slot: number;
  spans: number;
}

export interface TraceSummary {
  depth: number;
  duplicates: number;
  duration_ns: number;
  errors: number;
  gen: string;
  missing_parents: number;
  root: SpanRef | null;
  roots: number;
  services: TraceService[];
  spans: number;
  start_ns: string;
  state: "open" | "complete" | "partial";
  suggested_span: string | null;
  trace_id: string;
}

export interface Truncated {
  hint: string;
  limit: number;
  reason: string;
}

export interface Where {
  detail: string;
  hint: string;
  normalised: boolean;
  state: "stored" | "pending" | "never_seen" | "expired";
  trace_id: string;
}

export interface Window {
  from_ns: string;
  to_ns: string;
}

export interface clew_api_models_compare_Explained {
  baseline: number;
  baseline_total: number;
  differences: Difference[];
  found: number;
  hidden: HiddenKey[];
  keys: number;
  pairs: PairDifference[];
  selected: number;
  selected_total: number;
  tested: number;
}

export interface clew_api_models_meta_Envelope_Explained_1 {
  data: clew_api_models_search_Explained;
  meta: Meta;
}

export interface clew_api_models_meta_Envelope_Explained_2 {
  data: clew_api_models_compare_Explained;
  meta: Meta;
}

export interface clew_api_models_search_Explained {
  plan: string[];
  steps: ExplainStep[];
}

export interface Operations {
  "POST /admin/backup": { body: BackupRequest; response: Envelope_BackedUp };
  "POST /diff": { body: DiffRequest; response: Envelope_Diff };
  "GET /errors": { query?: { service?: string | null; from?: string; to?: string }; response: Envelope_ErrorList };
  "GET /errors/{fingerprint}": { path: { fingerprint: string }; query?: { from?: string; to?: string }; response: Envelope_ErrorDetail };
  "POST /explain": { body: ExplainRequest; response: clew_api_models_meta_Envelope_Explained_2 };
  "GET /fields": { query?: { from?: string; to?: string; prefix?: string }; response: Envelope_list_FieldKey };
  "GET /fields/values": { query: { level: "span" | "resource" | "event" | "link" | "scope"; key: string; from?: string; to?: string; prefix?: string }; response: Envelope_FieldValues };
  "GET /graph": { query?: { from?: string; to?: string; vs_from?: string | null; vs_to?: string | null }; response: Envelope_Graph };
  "POST /heatmap": { body: HeatmapRequest; response: Envelope_Heatmap };
  "POST /histogram": { body: HistogramRequest; response: Envelope_Histogram };
  "POST /journal/retry": { response: Envelope_Retried };
  "GET /latency": { query: { service: string; name?: string | null; kind?: "unspecified" | "internal" | "server" | "client" | "producer" | "consumer" | null; from?: string; to?: string }; response: Envelope_Latency };
  "POST /metrics/query": { body: MetricsRequest; response: Envelope_SeriesAnswer };
  "GET /queries": { response: Envelope_list_SavedQueryModel };
  "GET /queries/{name}": { path: { name: string }; response: Envelope_SavedQueryModel };
  "PUT /queries/{name}": { path: { name: string }; body: SaveRequest; response: Envelope_SavedQueryModel };
  "DELETE /queries/{name}": { path: { name: string }; response: Envelope_SavedQueryModel };
  "POST /query/explain": { body: SearchRequest; response: clew_api_models_meta_Envelope_Explained_1 };
  "POST /query/parse": { body: ParseRequest; response: Envelope_ParseResult };
  "GET /red": { query?: { service?: string | null; name?: string | null; kind?: "unspecified" | "internal" | "server" | "client" | "producer" | "consumer" | null; by?: "service" | null; from?: string; to?: string; step_s?: number | null }; response: Envelope_RedSeries };
  "POST /search": { body: SearchRequest; response: Envelope_SearchPage };
  "GET /services": { query?: { from?: string; to?: string }; response: Envelope_list_Service };
  "GET /services/{service}/operations": { path: { service: string }; query?: { from?: string; to?: string }; response: Envelope_list_Operation };
  "GET /session": { response: Envelope_Session };
  "POST /session": { body: SessionRequest; response: Envelope_Session };
  "DELETE /session": { response: void };
  "GET /shapes": { query?: { service?: string | null; from?: string; to?: string }; response: Envelope_list_Shape };
  "POST /sql": { body: SqlRequest; response: Envelope_SqlRows };
  "POST /sql/explain": { body: SqlRequest; response: Envelope_SqlPreview };
  "GET /sql/views": { response: Envelope_list_SqlView };
  "GET /status": { response: Envelope_Status };
  "DELETE /traces/{trace_id}": { path: { trace_id: string }; response: Envelope_Deleted };
  "GET /traces/{trace_id}/export": { path: { trace_id: string }; query?: { format?: "otlp-json" | "otlp-proto" }; response: Record<string, unknown> };
  "GET /traces/{trace_id}/logs": { path: { trace_id: string }; response: Envelope_Logs };
  "POST /traces/{trace_id}/match": { path: { trace_id: string }; body: MatchRequest; response: Envelope_MatchResult };
  "GET /traces/{trace_id}/spans": { path: { trace_id: string }; query?: { cols?: "main" | "id" }; response: Envelope_Columns };
  "GET /traces/{trace_id}/spans/{span_id}": { path: { trace_id: string; span_id: string }; response: Envelope_SpanDetail };
  "GET /traces/{trace_id}/summary": { path: { trace_id: string }; response: Envelope_TraceSummary };
  "GET /traces/{trace_id}/where": { path: { trace_id: string }; response: Envelope_Where };
}
