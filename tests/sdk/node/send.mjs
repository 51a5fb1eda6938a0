// Sends one trace of three spans with the unmodified OpenTelemetry SDK for Node, then prints its trace id.
// usage: node send.mjs http://127.0.0.1:4318 [http|proto|grpc]
import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const [endpoint, protocol = "proto"] = process.argv.slice(2);
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${protocol}`);
const url = protocol === "grpc" ? endpoint : `${endpoint}/v1/traces`;
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": "node-shop", "service.version": "2.1.0" }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))],
});
provider.register();
const tracer = trace.getTracer("node-shop", "1.0.0");

const traceId = tracer.startActiveSpan("GET /cart", { kind: SpanKind.SERVER }, (root) => {
  root.setAttributes({ "http.request.method": "GET", "http.route": "/cart", "http.response.status_code": 500 });
  const query = tracer.startSpan("SELECT cart", { kind: SpanKind.CLIENT, attributes: { "db.system.name": "postgresql" } });
  query.addEvent("rows", { count: 3 });
  query.end();
  const price = tracer.startSpan("price cart", {}, trace.setSpan(context.active(), root));
  price.recordException(new Error("no price for item 7"));
  price.setStatus({ code: SpanStatusCode.ERROR, message: "no price for item 7" });
  price.end();
  root.end();
  return root.spanContext().traceId;
});
await provider.forceFlush();
await provider.shutdown();
console.log(traceId);
