// The unmodified SDK for browsers: the page's load, its requests and what people do in it.
import { context, propagation, SpanStatusCode, trace } from "@opentelemetry/api";
import { ZoneContextManager } from "@opentelemetry/context-zone";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { DocumentLoadInstrumentation } from "@opentelemetry/instrumentation-document-load";
import { FetchInstrumentation } from "@opentelemetry/instrumentation-fetch";
import { UserInteractionInstrumentation } from "@opentelemetry/instrumentation-user-interaction";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, WebTracerProvider } from "@opentelemetry/sdk-trace-web";

const EXPORT_EVERY_MS = 1000;
// The shop hands the spans on, so that no collector has to allow this page's origin.
const COLLECTOR = "/otlp/v1/traces";

export function startTracing() {
  const exporter = new OTLPTraceExporter({ url: COLLECTOR });
  const provider = new WebTracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        "service.name": "page",
        "service.version": "1.0.0",
        "deployment.environment.name": "demo",
        "user_agent.original": navigator.userAgent,
      }),
    ),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: EXPORT_EVERY_MS })],
  });
  provider.register({ contextManager: new ZoneContextManager() });
  registerInstrumentations({
    instrumentations: [
      new DocumentLoadInstrumentation(),
      new FetchInstrumentation({ ignoreUrls: [/\/otlp\//] }),
      new UserInteractionInstrumentation({ eventNames: ["click", "submit"], shouldPreventSpanCreation: unnamed }),
    ],
  });
}

/** Keeps spans of what does something, and names them by what it does. */
function unnamed(event, element, span) {
  const act = element.dataset.act;
  if (act && (event === "submit") === (element.tagName === "FORM")) {
    span.updateName(`${event} ${act}`);
    return false;
  }
  return true;
}

/** Does something within a span, which ends with the promise of it; `work` gets the id of the trace. */
export function within(name, work) {
  return trace.getTracer("page").startActiveSpan(name, async (span) => {
    try {
      return await work(span.spanContext().traceId);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Does something as a part of the request that brought the page. */
export function asPartOfTheLoad(work) {
  const { content: traceparent } = document.querySelector("meta[name=traceparent]");
  return context.with(propagation.extract(context.active(), { traceparent }), work);
}
