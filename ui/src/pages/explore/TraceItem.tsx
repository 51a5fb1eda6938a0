import { Link } from "@tanstack/react-router";
import { type MouseEvent, memo } from "react";
import type { TraceRow } from "../../api/types";
import { clock, count, duration, fullTime, nsToMs } from "../../format";
import { ServiceBadge } from "../../kit";
import { rememberTrace } from "../../shell/recent";
import { isConjunction } from "../../url/traceql";
import { texts } from "./texts";

interface Props {
  row: TraceRow;
  index: number;
  /** The longest duration on the list, for the bar. */
  longest: number;
  active: boolean;
  selected: boolean;
  q: string;
  onActive: (index: number) => void;
  onSelect: (id: string) => void;
}

const MOST_BADGES = 4;

/** Where a row leads: the trace, at the first matching span, with the query and a time hint. */
export function traceSearch(row: TraceRow, q: string): Record<string, string> {
  const span = row.matched.spans[0]?.span_id;
  const filtered = q !== "" && q !== "{ }";
  // The trace page filters by conditions alone.
  const match = span && filtered ? { span, ...(isConjunction(q) ? { q } : {}) } : {};
  return { ...match, t: String(nsToMs(row.start_ns)) };
}

export function rowLabel(row: TraceRow): string {
  return row.root_received ? `${row.root_service ?? ""} ${row.root_name ?? ""}`.trim() : texts.list.rootMissing;
}

function Root({ row }: { row: TraceRow }) {
  if (!row.root_received)
    return (
      <span className="muted" title={texts.list.rootMissingTitle}>
        ⚠ {texts.list.rootMissing}
      </span>
    );
  return (
    <>
      <ServiceBadge service={row.root_service ?? ""} name />
      <span className="trace-name">{row.root_name}</span>
    </>
  );
}

function Services({ row }: { row: TraceRow }) {
  const rest = row.services.length - MOST_BADGES;
  return (
    <>
      {row.services.slice(0, MOST_BADGES).map((share) => (
        <ServiceBadge
          key={share.service}
          service={share.service}
          title={`${share.service}: ${count(share.spans)} ${texts.list.spans}, ${count(share.errors)} ${texts.list.errors}`}
        />
      ))}
      {rest > 0 && <span className="muted">{texts.list.more(count(rest))}</span>}
    </>
  );
}

function Matched({ row }: { row: TraceRow }) {
  const [first] = row.matched.spans;
  if (!first) return null;
  const more = row.matched.count - 1;
  return (
    <span title={`${first.service} ${first.name}`}>
      <ServiceBadge service={first.service} /> {first.name}
      {more > 0 && <span className="muted"> {texts.list.moreMatches(count(more))}</span>}
    </span>
  );
}

/** One trace of the list. */
export const TraceItem = memo(function TraceItem(props: Props) {
  const { row, index, longest, active, selected, q, onActive, onSelect } = props;
  const width = `${Math.max(1, (row.duration_ns / Math.max(1, longest)) * 100)}%`;
  const onClick = (event: MouseEvent<HTMLElement>): void => {
    onActive(index);
    if (event.target instanceof Element && event.target.closest("input")) return;
    rememberTrace(row.trace_id, rowLabel(row));
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter are commands of the page; the link takes Enter too
    <div
      id={`trace-${index}`}
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-active={active || undefined}
      className={`trace-row${row.errors > 0 ? " trace-failed" : ""}`}
      onClick={onClick}
    >
      <span role="gridcell" className="trace-check">
        <input
          type="checkbox"
          checked={selected}
          aria-label={texts.list.select(row.trace_id.slice(0, 8))}
          onChange={() => onSelect(row.trace_id)}
        />
      </span>
      <span role="gridcell" className="trace-time" title={fullTime(row.start_ns)}>
        {clock(row.start_ns)}
      </span>
      <span role="gridcell" className="trace-root">
        <Link
          to="/trace/$id"
          params={{ id: row.trace_id }}
          search={traceSearch(row, q) as never}
          preload={false}
          className="trace-link"
        >
          <Root row={row} />
        </Link>
      </span>
      <span role="gridcell" className="trace-services">
        <Services row={row} />
      </span>
      <span role="gridcell" className="trace-duration">
        <span className="trace-bar" style={{ width }} aria-hidden="true" />
        <span title={`${row.duration_ns} ns`}>{duration(row.duration_ns)}</span>
      </span>
      <span role="gridcell" className="trace-spans number">
        {count(row.spans)}
      </span>
      <span role="gridcell" className="trace-errors number">
        {row.errors > 0 ? (
          <span className="error-count">✕ {count(row.errors)}</span>
        ) : (
          <span className="muted">{texts.list.noErrors}</span>
        )}
      </span>
      <span role="gridcell" className="trace-matched">
        <Matched row={row} />
      </span>
    </div>
  );
});
