/** Sends small, known traces as OTLP JSON. */
import { randomBytes } from "node:crypto";
import { otlpUrl } from "./browser";

export interface Sent {
  traceId: string;
  rootSpan: string;
  failedSpan: string;
  service: string;
}

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

/** Sends one trace of two services: a server span and a failing client span with an exception. */
export async function sendTrace(service: string, operation = "POST /pay"): Promise<Sent> {
  const [traceId, rootSpan, failedSpan] = [16, 8, 8].map((size) => randomBytes(size).toString("hex")) as [
    string,
    string,
    string,
  ];
  const start = BigInt(Date.now()) * 1_000_000n;
  const at = (ms: number): string => String(start + BigInt(ms) * 1_000_000n);
  const exception = {
    timeUnixNano: at(40),
    name: "exception",
    attributes: [attribute("exception.type", "PoolTimeout"), attribute("exception.message", "no connection in 30 ms")],
  };
  const root = {
    traceId,
    spanId: rootSpan,
    name: operation,
    kind: 2,
    startTimeUnixNano: at(0),
    endTimeUnixNano: at(90),
    attributes: [attribute("http.route", "/pay"), { key: "http.response.status_code", value: { intValue: "500" } }],
  };
  const child = {
    traceId,
    spanId: failedSpan,
    parentSpanId: rootSpan,
    name: "SELECT card",
    kind: 3,
    startTimeUnixNano: at(10),
    endTimeUnixNano: at(45),
    attributes: [attribute("db.system", "postgresql")],
    events: [exception],
    status: { code: 2, message: "pool exhausted" },
  };
  const resource = (name: string, span: object) => ({
    resource: { attributes: [attribute("service.name", name), attribute("service.version", "2.14.0")] },
    scopeSpans: [{ scope: { name: "e2e" }, spans: [span] }],
  });
  const body = JSON.stringify({ resourceSpans: [resource(service, root), resource(`${service}-db`, child)] });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${otlpUrl()}/v1/traces`, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`OTLP answered ${response.status}: ${await response.text()}`);
  return { traceId, rootSpan, failedSpan, service };
}

/** Waits until a search finds the trace. */
export async function visible(base: string, sent: Pick<Sent, "traceId" | "service">): Promise<void> {
  const body = JSON.stringify({ q: `{ resource.service.name = "${sent.service}" }`, from: "now-1h", to: "now" });
  for (let tries = 0; tries < 200; tries++) {
    const response = await fetch(`${base}/api/v1/search`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    if (response.ok && (await response.text()).includes(sent.traceId)) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`trace ${sent.traceId} was not found in 20 s`);
}
