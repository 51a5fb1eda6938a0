import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import type { TraceRow } from "../../api/types";
import { useCommands } from "../../keys/useCommands";
import { VirtualList, type VirtualListHandle } from "../../kit";
import { rememberTrace } from "../../shell/recent";
import { rowLabel, TraceItem, traceSearch } from "./TraceItem";
import { texts } from "./texts";
import "./traceList.css";

interface Props {
  rows: readonly TraceRow[];
  stale: boolean;
  q: string;
  selected: ReadonlySet<string>;
  onSelect: (id: string) => void;
  onEnd: () => void;
}

const NARROW = "(max-width: 720px)";

/** Rows are taller where they wrap on phones; the list needs to know. */
function useRowHeight(): number {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const change = (): void => setNarrow(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return narrow ? 64 : 28;
}

function Head() {
  const { time, root, services, duration, spans, errors, matched } = texts.list;
  const cells: [string, string][] = [
    ["trace-check", ""],
    ["trace-time", time],
    ["trace-root", root],
    ["trace-services", services],
    ["trace-duration", duration],
    ["trace-spans number", spans],
    ["trace-errors number", errors],
    ["trace-matched", matched],
  ];
  return (
    <div className="trace-row trace-head" aria-hidden="true">
      {cells.map(([name, text]) => (
        <span key={name} className={name}>
          {text}
        </span>
      ))}
    </div>
  );
}

/** The result list: virtual rows, `j k` move, `Enter` opens, `x` selects. */
export function TraceList({ rows, stale, q, selected, onSelect, onEnd }: Props) {
  const [active, setActive] = useState(-1);
  const list = useRef<VirtualListHandle>(null);
  const navigate = useNavigate();
  const height = useRowHeight();
  const longest = rows.reduce((most, row) => Math.max(most, row.duration_ns), 0);
  const group = texts.keys.group;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another query means another list
  useEffect(() => setActive(-1), [q]);
  const move = useCallback(
    (by: number) => {
      const next = Math.max(0, Math.min(rows.length - 1, active + by));
      setActive(next);
      list.current?.reveal(next);
    },
    [active, rows.length],
  );
  const some = (): boolean => rows[active] !== undefined;
  const open = (tab: boolean): void => {
    const row = rows[active]!;
    rememberTrace(row.trace_id, rowLabel(row));
    const search = traceSearch(row, q);
    if (tab) window.open(`/trace/${row.trace_id}?${new URLSearchParams(search)}`, "_blank", "noopener");
    else void navigate({ to: "/trace/$id", params: { id: row.trace_id }, search: search as never });
  };
  const free = (): boolean => !document.activeElement?.closest("a, button, [role=group]");
  useCommands([
    {
      id: "next-row",
      keys: ["j", "ArrowDown"],
      title: texts.keys.next,
      group,
      hidden: true,
      enabled: () => rows.length > 0 && free(),
      run: () => move(1),
    },
    {
      id: "previous-row",
      keys: ["k", "ArrowUp"],
      title: texts.keys.previous,
      group,
      hidden: true,
      enabled: () => rows.length > 0 && free(),
      run: () => move(-1),
    },
    {
      id: "open-row",
      keys: ["Enter"],
      title: texts.keys.open,
      group,
      hidden: true,
      enabled: () => some() && free(),
      run: () => open(false),
    },
    {
      id: "open-tab",
      keys: ["Mod+Enter"],
      title: texts.keys.openTab,
      group,
      hidden: true,
      enabled: some,
      run: () => open(true),
    },
    {
      id: "select-row",
      keys: ["x"],
      title: texts.keys.select,
      group,
      hidden: true,
      enabled: some,
      run: () => onSelect(rows[active]!.trace_id),
    },
  ]);
  return (
    <div className={`traces${stale ? " traces-stale" : ""}${q === "{ }" ? " traces-all" : ""}`}>
      <Head />
      <VirtualList
        ref={list}
        className="traces-body"
        role="grid"
        label={texts.list.label}
        count={rows.length}
        rowHeight={height}
        onEnd={onEnd}
        render={(index) => {
          const row = rows[index]!;
          return (
            <TraceItem
              key={row.trace_id}
              row={row}
              index={index}
              longest={longest}
              active={index === active}
              selected={selected.has(row.trace_id)}
              q={q}
              onActive={setActive}
              onSelect={onSelect}
            />
          );
        }}
      />
    </div>
  );
}
