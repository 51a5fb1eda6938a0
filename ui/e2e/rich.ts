/** Sends one trace with all that a trace page shows: events, links, logs, nested values, folds, an orphan, an error origin. */
import { randomBytes } from "node:crypto";
import { otlpUrl } from "./browser";

const hex = (size: number): string => randomBytes(size).toString("hex");
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

export interface Rich {
  traceId: string;
  other: string;
  service: string;
  spans: Record<string, string>;
  /** Sends one more child of the root. */
  late: (name: string) => Promise<void>;
}

async function post(path: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${otlpUrl()}/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`OTLP answered ${response.status}: ${await response.text()}`);
}

interface Part {
  name: string;
  from: number;
  to: number;
  parent?: string;
  more?: object;
}

/** Spans of the trace, in ms from its start; the id of each is kept under its name. */
export async function sendRich(): Promise<Rich> {
  const [traceId, other, service] = [hex(16), hex(16), `rich-${hex(4)}`];
  const spans: Record<string, string> = {};
  const start = BigInt(Date.now()) * 1_000_000n;
  const at = (ms: number): string => String(start + BigInt(Math.round(ms * 1000)) * 1000n);
  const span = ({ name, from, to, parent, more }: Part, trace = traceId): object => {
    const spanId = hex(8);
    spans[name] = spanId;
    const times = { startTimeUnixNano: at(from), endTimeUnixNano: at(to) };
    return { traceId: trace, spanId, parentSpanId: parent, name, kind: 2, ...times, ...more };
  };
  const resource = (name: string, list: object[]) => ({
    resource: { attributes: [text("service.name", name), text("service.version", "2.14.0")] },
    scopeSpans: [{ scope: { name: "e2e", version: "1" }, spans: list }],
  });
  const failed = { status: { code: 2, message: "pool exhausted" } };
  const nested = { kvlistValue: { values: [text("level", "gold")] } };
  const root = span({ name: "POST /pay", from: 0, to: 100, more: { attributes: [text("http.route", "/pay")] } });
  const top = spans["POST /pay"]!;
  const charge = span({
    name: "charge",
    from: 5,
    to: 60,
    parent: top,
    more: { ...failed, kind: 3, attributes: [{ key: "customer", value: nested }, text("tier", "gold-member")] },
  });
  const exception = { timeUnixNano: at(40), name: "exception", attributes: [text("exception.type", "PoolTimeout")] };
  const origin = span({
    name: "SELECT card",
    from: 10,
    to: 50,
    parent: spans.charge,
    more: { ...failed, kind: 3, events: [exception], attributes: [text("db.system", "postgresql")] },
  });
  const gets = Array.from({ length: 7 }, (_, i) => {
    return span({ name: "cache.get", from: 61 + i * 2, to: 62 + i * 2, parent: top, more: { kind: 3 } });
  });
  const target = span({ name: "queue job", from: 0, to: 5 }, other);
  const publish = span({
    name: "publish",
    from: 80,
    to: 85,
    parent: top,
    more: { kind: 4, links: [{ traceId: other, spanId: spans["queue job"], attributes: [text("why", "queued")] }] },
  });
  const zero = span({ name: "instant", from: 90, to: 90, parent: top });
  const orphan = span({ name: "lost", from: 70, to: 75, parent: hex(8) });
  const log = {
    timeUnixNano: at(41),
    severityText: "ERROR",
    severityNumber: 17,
    body: { stringValue: "no connection in 30 ms" },
    traceId,
    spanId: spans["SELECT card"],
  };
  await post("traces", {
    resourceSpans: [
      resource(service, [root, ...gets, publish, zero, target]),
      resource(`${service}-db`, [charge, origin, orphan]),
    ],
  });
  await post("logs", {
    resourceLogs: [{ ...resource(service, []), scopeSpans: undefined, scopeLogs: [{ logRecords: [log] }] }],
  });
  const late = (name: string): Promise<void> =>
    post("traces", { resourceSpans: [resource(service, [span({ name, from: 92, to: 95, parent: top })])] });
  return { traceId, other, service, spans, late };
}

/** Waits until the summary of the trace counts so many spans. */
export async function stored(base: string, traceId: string, spans: number): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const response = await fetch(`${base}/api/v1/traces/${traceId}/summary`);
    if (response.ok && (await response.json()).data.spans >= spans) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`trace ${traceId} had not ${spans} spans in 30 s`);
}
