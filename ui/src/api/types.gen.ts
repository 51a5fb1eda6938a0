/** Generated from schemas/openapi.json by tools/gen_ui_api.py; do not edit. */

export interface Operations {
  "POST /search": { body: Record<string, unknown>; response: unknown };
  "POST /histogram": { body: Record<string, unknown>; response: unknown };
  "POST /query/parse": { body: { q: string }; response: unknown };
  "GET /services": { query?: { from?: string; to?: string }; response: unknown };
  "GET /services/{service}/operations": { path: { service: string }; query?: { from?: string; to?: string }; response: unknown };
  "GET /fields": { query?: { from?: string; to?: string; prefix?: string }; response: unknown };
  "GET /fields/values": { query: { level: string; key: string; from?: string; to?: string; prefix?: string }; response: unknown };
  "GET /traces/{trace_id}/summary": { path: { trace_id: string }; response: unknown };
  "GET /traces/{trace_id}/spans": { path: { trace_id: string }; query?: { cols?: string }; response: unknown };
  "GET /traces/{trace_id}/spans/{span_id}": { path: { trace_id: string; span_id: string }; response: unknown };
  "POST /traces/{trace_id}/match": { path: { trace_id: string }; body: Record<string, unknown>; response: unknown };
  "GET /traces/{trace_id}/logs": { path: { trace_id: string }; response: unknown };
  "GET /traces/{trace_id}/where": { path: { trace_id: string }; response: unknown };
  "DELETE /traces/{trace_id}": { path: { trace_id: string }; response: unknown };
  "GET /status": { response: unknown };
  "POST /session": { body: { token: string }; response: unknown };
  "DELETE /session": { response: void };
}
