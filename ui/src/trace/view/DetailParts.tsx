import { Link } from "@tanstack/react-router";
import type { Event, SpanDetail } from "../../api/types.gen";
import { clock, duration, fullTime } from "../../format";
import { Group, shown } from "./Attributes";
import { text } from "./text";

const t = text.detail;
const STACK = "exception.stacktrace";

function after(event: Event, start: string): string {
  return `+${duration(Number(BigInt(event.time_ns) - BigInt(start)))}`;
}

/** Events of the span in order of time; a stack trace keeps its lines. */
export function Events({ detail }: { detail: SpanDetail }) {
  return (
    <ol className="events">
      {detail.events.map((event, at) => {
        const stack = event.attributes.find(({ key }) => key === STACK);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no id and never move
          <li key={at}>
            <h3>
              <span className={event.name === "exception" ? "bad" : ""}>◆ {event.name}</span>
              <span className="muted" title={fullTime(event.time_ns)}>
                {after(event, detail.span.start_ns)}
              </span>
            </h3>
            <Group title="" attributes={event.attributes.filter(({ key }) => key !== STACK)} scope="event" />
            {stack && <pre className="raw">{shown(stack.value)}</pre>}
          </li>
        );
      })}
      {detail.span.dropped_events > 0 && <p className="warn">{t.dropped(detail.span.dropped_events, "events")}</p>}
    </ol>
  );
}

function To({ trace, span, children }: { trace: string; span: string; children: string }) {
  return (
    <Link to="/trace/$id/at/$span" params={{ id: trace, span }} className="mono">
      {children}
    </Link>
  );
}

/** Links in both directions. */
export function Links({ detail }: { detail: SpanDetail }) {
  return (
    <>
      {detail.links.length > 0 && <h3>{t.outgoing}</h3>}
      {detail.links.map((link, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: links may repeat and never move
        <div key={at} className="link">
          <To trace={link.trace_id} span={link.span_id}>{`${link.trace_id.slice(0, 8)}… / ${link.span_id}`}</To>
          <Group title="" attributes={link.attributes} scope="link" />
        </div>
      ))}
      {detail.linked_from.length > 0 && <h3>{t.incoming}</h3>}
      {detail.linked_from.map((from) => (
        <div key={from.trace_id + from.span_id} className="link">
          <To trace={from.trace_id} span={from.span_id}>{`${from.service} ${from.name}`}</To>
        </div>
      ))}
    </>
  );
}

export function Logs({ detail }: { detail: SpanDetail }) {
  return (
    <ol className="events">
      {detail.logs.map((log, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: log lines have no id and never move
        <li key={at}>
          <h3>
            <span>{log.severity_text}</span>
            <span className="muted" title={fullTime(log.time_ns)}>
              {clock(log.time_ns)}
            </span>
          </h3>
          <p className="attr-value">{shown(log.body)}</p>
          <Group title="" attributes={log.attributes} scope={null} />
        </li>
      ))}
    </ol>
  );
}
