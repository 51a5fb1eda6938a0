import { useCallback, useEffect, useState } from "react";
import { count, exactCount, sentence } from "../../format";
import { en } from "../../i18n/en";
import { useCommands } from "../../keys/useCommands";
import { Banner, Button, copy, Skeleton } from "../../kit";
import { Failure } from "../../shell/PageError";
import { refresh, useRange, useRun, useWindow } from "../../shell/window";
import { absolute } from "../../url/time";
import { Builder } from "./Builder";
import { Chips } from "./Chips";
import { EmptyResult } from "./EmptyResult";
import { HistogramPanel } from "./HistogramPanel";
import { QueryEditor } from "./QueryEditor";
import { SavedQueries } from "./SavedQueries";
import { SeriesPanel } from "./SeriesPanel";
import { TraceList } from "./TraceList";
import { texts } from "./texts";
import { useExplore } from "./useExplore";
import { type TraceSearch, useTraceSearch } from "./useTraceSearch";
import "./explore.css";

const PREFERENCE = "clew.explore.form";

/** How many there are: exact, or a lower bound that says so. */
function Total({ search }: { search: TraceSearch }) {
  const total = search.meta?.total;
  if (search.phase === "loading") {
    const text = search.progress
      ? texts.progress.found(count(search.progress.found), count(search.progress.scanned))
      : search.queued > 0
        ? texts.progress.queued(search.queued)
        : texts.progress.searching;
    return (
      <span className="total" role="status">
        {text} <Button onClick={search.stop}>{texts.progress.stop}</Button>
      </span>
    );
  }
  if (!total) return null;
  const words = total.exact ? texts.count.exact : texts.count.atLeast;
  return (
    <span className="total" role="status" title={exactCount(total.value)}>
      {words(count(total.value))} · {texts.count.shown(count(search.rows.length))}
    </span>
  );
}

/** The banner slot: what the list leaves out. */
function Notices({ search }: { search: TraceSearch }) {
  const truncated = search.meta?.truncated;
  const duplicates = search.meta?.duplicates ?? 0;
  return (
    <>
      {truncated && (
        <Banner tone="warn">
          {texts.truncated(truncated.reason)} {sentence(truncated.hint)}
        </Banner>
      )}
      {duplicates > 0 && <Banner tone="info">{texts.duplicates(count(duplicates))}</Banner>}
      {search.phase === "stopped" && (
        <Banner tone="warn" action={<Button onClick={refresh}>{en.retry}</Button>}>
          {texts.progress.stopped}
        </Banner>
      )}
      {search.phase === "failed" && search.rows.length > 0 && (
        <Banner tone="error" action={<Button onClick={refresh}>{en.retry}</Button>}>
          {search.error?.message}
        </Banner>
      )}
    </>
  );
}

function SelectionBar({ selected, onClear }: { selected: ReadonlySet<string>; onClear: () => void }) {
  if (selected.size === 0) return null;
  return (
    <div className="selection" role="status">
      {texts.selection.count(count(selected.size))}
      <Button onClick={() => copy([...selected].join("\n"), en.copied)}>{texts.selection.copyIds}</Button>
      <Button kind="quiet" onClick={onClear}>
        {texts.selection.clear}
      </Button>
    </div>
  );
}

function useSelection(): [ReadonlySet<string>, (id: string) => void, () => void] {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback(
    (id: string) =>
      setSelected((before) => {
        const next = new Set(before);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [],
  );
  return [selected, toggle, () => setSelected(new Set())];
}

function useFormOpen(): [boolean, () => void] {
  const [open, setOpen] = useState(() => (localStorage.getItem(PREFERENCE) ?? (innerWidth > 720 ? "1" : "0")) === "1");
  const toggle = (): void => {
    localStorage.setItem(PREFERENCE, open ? "0" : "1");
    setOpen(!open);
  };
  return [open, toggle];
}

function Results({
  search,
  explore,
  run,
}: {
  search: TraceSearch;
  explore: ReturnType<typeof useExplore>;
  run: number;
}) {
  const window = useWindow();
  const [selected, toggle, clear] = useSelection();
  if (search.phase === "failed" && search.rows.length === 0) return <Failure error={search.error!} retry={refresh} />;
  if (search.phase === "loading" && search.rows.length === 0) return <Skeleton rows={10} />;
  if (search.rows.length === 0)
    return <EmptyResult filters={explore.filters} window={window} run={run} onChange={explore.setFilters} />;
  return (
    <>
      <SelectionBar selected={selected} onClear={clear} />
      <TraceList
        rows={search.rows}
        stale={search.stale}
        q={explore.canonical}
        selected={selected}
        onSelect={toggle}
        onEnd={search.more}
      />
      {search.phase === "more" ? (
        <p className="list-end" role="status">
          {texts.list.loadingMore}
        </p>
      ) : (
        search.cursor && (
          <p className="list-end">
            <Button onClick={search.more}>{texts.list.loadMore}</Button>
          </p>
        )
      )}
    </>
  );
}

/** Explore: which requests, and when. */
export function ExplorePage() {
  const explore = useExplore();
  const window = useWindow();
  const [, setRange] = useRange();
  const run = useRun();
  const [form, toggleForm] = useFormOpen();
  const range = absolute(window);
  const runs = !explore.error && !explore.pending;
  const search = useTraceSearch(!runs || explore.series ? null : { q: explore.canonical, ...range }, run);
  useEffect(() => {
    document.title = `${texts.title} · ${en.product}`;
  }, []);
  useCommands([{ id: "builder", keys: ["b"], title: texts.keys.builder, group: texts.keys.group, run: toggleForm }]);
  const onRun = (text: string): void => {
    if (text === explore.text) refresh();
    else explore.setText(text);
  };
  return (
    <div className="explore">
      <h1 className="sr">{texts.title}</h1>
      <div className="explore-bar">
        <Button aria-expanded={form} onClick={toggleForm}>
          {form ? texts.hideForm : texts.form}
        </Button>
        <QueryEditor text={explore.text} error={explore.error} window={range} onRun={onRun} />
        <SavedQueries q={runs ? explore.canonical : null} onOpen={explore.setText} />
      </div>
      {explore.plain && !explore.series && <p className="muted">{texts.plain}</p>}
      {form && runs && !explore.plain && (
        <Builder filters={explore.filters} window={range} onChange={explore.setFilters} />
      )}
      <div className="explore-line">
        <Chips filters={explore.filters} onChange={explore.setFilters} />
        {runs && !explore.series && <Total search={search} />}
      </div>
      {runs && explore.series && <SeriesPanel q={explore.canonical} window={window} run={run} />}
      {runs && !explore.series && (
        <>
          <HistogramPanel q={explore.canonical} window={window} run={run} onZoom={(span) => setRange(absolute(span))} />
          <Notices search={search} />
          <Results search={search} explore={explore} run={run} />
        </>
      )}
    </div>
  );
}
