// A shop's page: one button that asks an API of another origin for two things, one after the other.
import { context, trace } from "@opentelemetry/api";
import { startTracing } from "./tracing.js";

const { api, collector } = document.body.dataset;
startTracing({ service: "shop-page", collector, apis: [new RegExp(`^${api}/`)] });
const tracer = trace.getTracer("shop-page");

document.querySelector("button").addEventListener("click", () =>
  tracer.startActiveSpan("buy", async (span) => {
    const within = trace.setSpan(context.active(), span);
    const cart = await fetch(`${api}/cart`);
    const { items } = await cart.json();
    // After an await the span is active no more: say within what the next request belongs.
    await context.with(within, () => fetch(`${api}/orders`, { method: "POST", body: JSON.stringify(items) }));
    span.end();
    document.querySelector("output").textContent = span.spanContext().traceId;
  }),
);
