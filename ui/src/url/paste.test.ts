import { expect, test } from "vitest";
import { findTrace, queryOf } from "./paste";
import { parseQuery } from "./traceql";

const T = "4bf92f3577b34da6a3ce929d0e0e4736";
const S = "00f067aa0ba902b7";

test.each([
  [T, T, undefined],
  [` ${T.toUpperCase()}\n`, T, undefined],
  ["1", "1".padStart(32, "0"), undefined],
  ["0x4bf92f3577b34da", "4bf92f3577b34da".padStart(32, "0"), undefined],
  [`00-${T}-${S}-01`, T, S],
  [`traceparent: 00-${T}-${S}-01`, T, S],
  [`${T}-${S}-1`, T, S],
  [`uber-trace-id: ${T}:${S}:0:1`, T, S],
  [
    "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
    "5759e988bd862e3fe1be46a994272793",
    undefined,
  ],
  [`http://jaeger:16686/trace/${T}?uiFind=${S}`, T, S],
  ["http://jaeger:16686/trace/a1b2c3", "a1b2c3".padStart(32, "0"), undefined],
  [`http://zipkin/zipkin/traces/${T}`, T, undefined],
  [`https://grafana/explore?left=%7B%22queries%22:%5B%7B%22query%22:%22${T}%22%7D%5D%7D`, T, undefined],
  [`https://clew/trace/${T}?span=${S}&q=%7B%20%7D`, T, S],
  [`2026-11-24 14:02:11 ERROR [checkout] trace_id=${T} span_id=${S} card declined`, T, S],
  [`{"msg":"x","traceId":"${T}","spanId":"${S}"}`, T, S],
  [`INFO [web,${T},${S}] hello`, T, undefined],
  ["trace.id: 4bf92f35-77b3-4da6-a3ce-929d0e0e4736", T, undefined],
])("%s names its trace", (text, traceId, spanId) =>
  expect(findTrace(text)).toEqual(spanId ? { traceId, spanId } : { traceId }),
);

test.each(["", "   ", "checkout", "GET /users", "0000", "{ status = error }", `{ span.x = "${T}" }`, "00-zz-01"])(
  "%s names no trace",
  (text) => expect(findTrace(text)).toBeNull(),
);

test("other texts are queries, words look for names", () => {
  expect(queryOf(" { status = error } ")).toBe("{ status = error }");
  expect(parseQuery(queryOf('GET /a.b "x"'))[0]!.value.value).toBe('(?i).*GET /a\\.b "x".*');
});
