import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { serverNow } from "../../api/clock";
import { histogramRead, statusRead } from "../../api/reads";
import { clock, count, nsToMs } from "../../format";
import { Button, copy, EmptyState, Tabs } from "../../kit";
import { refresh, useRange } from "../../shell/window";
import { chipText } from "../../url/chips";
import { absolute, type Span, zoomOut } from "../../url/time";
import { type Filter, printQuery } from "../../url/traceql";
import { snippets, texts } from "./texts";

const MOST_CLAUSES = 8;
const AROUND_MS = 15 * 60_000;

/** Nothing has ever been stored: how to send the first span. */
function NoData() {
  const all = snippets(location.hostname);
  const [name, setName] = useState(all[0]!.name);
  const snippet = all.find((one) => one.name === name)!;
  return (
    <EmptyState title={texts.noData.title}>
      <p>{texts.noData.text}</p>
      <div className="snippet">
        <Tabs
          id="snippet"
          label={texts.noData.endpoint}
          value={name}
          choices={all.map((s) => ({ value: s.name, label: s.name }))}
          onChange={setName}
        />
        <div id="snippet-panel" role="tabpanel" aria-labelledby={`snippet-${name}`}>
          <pre>{snippet.text}</pre>
          <Button onClick={() => copy(snippet.text, texts.noData.copied)}>{texts.noData.copy}</Button>
        </div>
      </div>
      <p role="status">{texts.noData.waiting}</p>
    </EmptyState>
  );
}

/** There is data, but none in this range: the way to the nearest. */
function NoneInRange({ newestNs }: { newestNs: string | null }) {
  const [range, setRange] = useRange();
  const newest = newestNs === null ? null : nsToMs(newestNs);
  const toMs = newest === null ? 0 : Math.min(serverNow(), newest + 60_000);
  return (
    <EmptyState
      title={texts.noneInRange.title}
      action={
        <>
          {newest !== null && (
            <Button kind="primary" onClick={() => setRange(absolute({ fromMs: newest - AROUND_MS, toMs }))}>
              {texts.noneInRange.jump}
            </Button>
          )}
          <Button onClick={() => setRange(zoomOut(range, serverNow()))}>{texts.noneInRange.wider}</Button>
        </>
      }
    >
      {newestNs !== null && texts.noneInRange.newest(clock(newestNs))}
    </EmptyState>
  );
}

interface Props {
  filters: readonly Filter[];
  window: Span;
  run: number;
  onChange: (filters: readonly Filter[]) => void;
}

/** Conditions exclude everything: which one removes the most, with its count. */
function NoMatch({ filters, window, run, onChange }: Props) {
  const tried = filters.slice(0, MOST_CLAUSES);
  const reads = useQueries({
    queries: tried.map((_, at) =>
      histogramRead({ q: printQuery(filters.toSpliced(at, 1)), ...absolute(window), buckets: 1 }, run),
    ),
  });
  const loading = reads.some((read) => read.isLoading);
  const found = tried
    .map((filter, at) => ({ filter, at, spans: (reads[at]!.data?.data.total ?? []).reduce((a, b) => a + b, 0) }))
    .filter((one) => one.spans > 0)
    .sort((a, b) => b.spans - a.spans);
  return (
    <EmptyState
      title={texts.noMatch.title}
      action={
        <>
          {found.map(({ filter, at, spans }) => (
            <Button key={at} onClick={() => onChange(filters.toSpliced(at, 1))}>
              {texts.noMatch.drop(chipText(filter), count(spans))}
            </Button>
          ))}
          {filters.length > 1 && (
            <Button kind="quiet" onClick={() => onChange([])}>
              {texts.noMatch.reset}
            </Button>
          )}
        </>
      }
    >
      {loading
        ? texts.noMatch.searching
        : found.length > 0
          ? texts.noMatch.without
          : filters.length > 0 && texts.noMatch.none}
    </EmptyState>
  );
}

/** Searches again when the very first span has been stored. */
function useFirstSpan(newestNs: string | null | undefined): void {
  const before = useRef(newestNs);
  useEffect(() => {
    if (before.current === null && newestNs) refresh();
    before.current = newestNs;
  }, [newestNs]);
}

/** Why there is no trace, and what to do about it. */
export function EmptyResult(props: Props) {
  const status = useQuery(statusRead).data?.data;
  useFirstSpan(status?.newest_span_ns);
  const everything = useQuery(histogramRead({ q: "{ }", ...absolute(props.window), buckets: 1 }, props.run)).data?.data;
  if (!status || !everything) return <EmptyState title={texts.noMatch.title} />;
  if (status.newest_span_ns === null && status.ledger.stored === 0) return <NoData />;
  if (everything.total.reduce((a, b) => a + b, 0) === 0) return <NoneInRange newestNs={status.newest_span_ns} />;
  return <NoMatch {...props} />;
}
