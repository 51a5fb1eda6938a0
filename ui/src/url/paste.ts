/** Finds the trace that a pasted text means: an id, a header, a link of any tracing product, a log line. */
export interface Found {
  traceId: string;
  spanId?: string;
}

const HEX = /^(?:0x)?([0-9a-f]{1,32})$/i;
const TRACEPARENT = /\b[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\b/i;
const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-[01d](?:-[0-9a-f]{16})?)?$/i;
const XRAY = /\b1-([0-9a-f]{8})-([0-9a-f]{24})\b/i;
const JAEGER = /\b([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{1,16}:[0-9a-f]{1,2}\b/i;
const LINK = /\/(?:traces?|zipkin\/traces)\/([0-9a-f]{1,32})(?=$|[/?#&\s"'])/i;
const NAMED = /\btrace[-_. ]?id\W{1,4}([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{1,32})\b/i;
const NAMED_SPAN = /\b(?:span[-_. ]?id|uiFind|span)\W{1,4}([0-9a-f]{1,16})\b/i;
const TOKENS = [/(?<![0-9a-f-])[0-9a-f]{32}(?![0-9a-f-])/i, /(?<![0-9a-f-])[0-9a-f]{15,16}(?![0-9a-f-])/i];

const ZERO = /^0*$/;

function found(trace: string, span?: string): Found | null {
  const traceId = trace.replaceAll("-", "").toLowerCase().padStart(32, "0");
  if (ZERO.test(traceId)) return null;
  const spanId = span?.toLowerCase().padStart(16, "0");
  return spanId && !ZERO.test(spanId) ? { traceId, spanId } : { traceId };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns the trace (padded to 32 digits) and perhaps the span, or null when the text names none. */
export function findTrace(pasted: string): Found | null {
  const trimmed = pasted.trim();
  const alone = HEX.exec(trimmed);
  if (alone) return found(alone[1]!);
  if (trimmed.startsWith("{") && !/trace[-_. ]?id"/i.test(trimmed)) return null;
  const text = decoded(trimmed);
  for (const pair of [TRACEPARENT, B3, JAEGER]) {
    const match = pair.exec(text);
    if (match) return found(match[1]!, match[2]);
  }
  const xray = XRAY.exec(text);
  if (xray) return found(xray[1]! + xray[2]!);
  const span = NAMED_SPAN.exec(text)?.[1];
  for (const named of [LINK, NAMED]) {
    const match = named.exec(text);
    if (match) return found(match[1]!, span);
  }
  for (const token of TOKENS) {
    const match = token.exec(text);
    if (match) return found(match[0], match[0] === span ? undefined : span);
  }
  return null;
}

/** Returns the query that a text in the box means: TraceQL as it is, a word as part of a span's name. */
export function queryOf(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.startsWith("{")) return trimmed;
  const escaped = trimmed.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/[\\"]/g, "\\$&");
  return `{ name =~ "(?i).*${escaped}.*" }`;
}
