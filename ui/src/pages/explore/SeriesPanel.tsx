import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useMemo, useState } from "react";
import { seriesRead } from "../../api/reads";
import type { SeriesAnswer } from "../../api/types";
import type { Box } from "../../chart/bars";
import { drawLines } from "../../chart/drawLines";
import { nearest } from "../../chart/lines";
import { arrowed, Plot, shareAt } from "../../chart/Plot";
import { count, minute, sentence } from "../../format";
import { Banner, Skeleton } from "../../kit";
import { Failure } from "../../shell/PageError";
import { refresh } from "../../shell/window";
import { useTheme } from "../../theme/theme";
import { PALETTES, SERVICE_HUES, type ThemeName } from "../../theme/tokens";
import { absolute, type Span } from "../../url/time";
import { ComparisonTable } from "./ComparisonTable";
import { comparison } from "./compared";
import { formatOf, MOST_DRAWN, type Shown, shown } from "./series";
import { texts } from "./texts";

const HEIGHT = 260;
const EDGE = { left: 64, bottom: 18, top: 8 };
const DASHES = [[], [6, 3], [2, 3]];
const MOST_TOLD = 4;

const styleOf = (theme: ThemeName, at: number) => {
  const hues = SERVICE_HUES[theme];
  return { color: hues[at % hues.length]!, dash: DASHES[Math.floor(at / hues.length) % DASHES.length]! };
};

interface ChartProps {
  data: SeriesAnswer;
  drawn: readonly Shown[];
  format: (value: number) => string;
  window: Span;
  lit: number;
}

/** Series as lines; a moment is pointed at by mouse or arrow keys, and its values are told. */
function Chart({ data, drawn, format, window, lit }: ChartProps) {
  const [cursor, setCursor] = useState<number | null>(null);
  const theme = useTheme();
  const times = data.times_ms;
  const fromMs = Math.min(window.fromMs, times[0] ?? window.fromMs);
  const toMs = Math.max(window.toMs, times.at(-1) ?? window.toMs);
  const draw = (ctx: CanvasRenderingContext2D, box: Box): void => {
    const lines = { timesMs: times, values: drawn.map(({ values }) => values) };
    const styles = drawn.map((_, at) => styleOf(theme, at));
    drawLines(ctx, { lines, fromMs, toMs, box, styles, format, cursor, lit }, PALETTES[theme]);
  };
  const onKey = (event: KeyboardEvent): void => {
    const next = arrowed(event, cursor, times.length);
    if (next !== null) setCursor(next);
    else if (event.key === "Escape") setCursor(null);
  };
  const told = (at: number): string => {
    const there = drawn.filter(({ values }) => values[at] !== null && values[at] !== undefined);
    const values = there.slice(0, MOST_TOLD).map((one) => `${one.name} ${format(one.values[at]!)}`);
    return texts.series.point(minute(times[at]!), values.join(", ") || texts.series.nothing);
  };
  return (
    <Plot
      height={HEIGHT}
      edge={EDGE}
      label={`${texts.series.label}. ${texts.series.keys}`}
      told={cursor !== null && cursor >= 0 ? told(cursor) : ""}
      draw={draw}
      onKey={onKey}
      onLeave={() => setCursor(null)}
      pointer={{
        onPointerMove: (event) => setCursor(nearest(times, fromMs + shareAt(event, EDGE) * (toMs - fromMs))),
      }}
    />
  );
}

function Table({
  rows,
  format,
  onLit,
}: {
  rows: readonly Shown[];
  format: (value: number) => string;
  onLit: (at: number) => void;
}) {
  const theme = useTheme();
  const text = (value: number | null): string => (value === null ? "–" : format(value));
  return (
    <div className="histogram-table series-table">
      <table>
        <thead>
          <tr>
            <th scope="col">{texts.series.name}</th>
            <th scope="col">{texts.series.last}</th>
            <th scope="col">{texts.series.least}</th>
            <th scope="col">{texts.series.most}</th>
            <th scope="col">{texts.series.example}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={row.name} onPointerEnter={() => onLit(at < MOST_DRAWN ? at : -1)} onPointerLeave={() => onLit(-1)}>
              <th scope="row">
                {at < MOST_DRAWN && <Sign theme={theme} at={at} />} {row.name}
              </th>
              <td className="number">{text(row.last)}</td>
              <td className="number">{text(row.least)}</td>
              <td className="number">{text(row.most)}</td>
              <td>
                {row.traceId && (
                  <Link to="/trace/$id" params={{ id: row.traceId }} search={{} as never}>
                    {texts.series.open}
                  </Link>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Sign({ theme, at }: { theme: ThemeName; at: number }) {
  const { color, dash } = styleOf(theme, at);
  return (
    <svg width="22" height="10" aria-hidden="true">
      <line x1="1" y1="5" x2="21" y2="5" stroke={color} strokeWidth="2" strokeDasharray={dash.join(" ")} />
    </svg>
  );
}

/** Lines, and every series in a table with an example of what is behind it. */
function Lines({ data, q, window }: { data: SeriesAnswer; q: string; window: Span }) {
  const [lit, setLit] = useState(-1);
  const rows = useMemo(() => shown(data.series, q), [data, q]);
  const format = useMemo(() => formatOf(q), [q]);
  const drawn = rows.slice(0, MOST_DRAWN);
  const cut = rows.length > drawn.length ? texts.series.cut(String(drawn.length)) : "";
  const tables = [...new Set(data.sources.map(({ table }) => table))].join(", ");
  return (
    <>
      <header className="histogram-head">
        <span role="status">{texts.series.count(count(rows.length), cut)}</span>
        <span className="muted" title={data.sources.map(({ why }) => why).join("; ")}>
          {texts.series.read(tables)}
        </span>
      </header>
      <Chart data={data} drawn={drawn} format={format} window={window} lit={lit} />
      <Table rows={rows} format={format} onLit={setLit} />
    </>
  );
}

/** The answer of a metrics query: series over time, or a comparison. */
export function SeriesPanel({ q, window, run }: { q: string; window: Span; run: number }) {
  const read = useQuery({ ...seriesRead({ q, ...absolute(window) }, run), placeholderData: keepPreviousData });
  const answer = read.data?.data;
  const compared = useMemo(() => comparison(answer?.series ?? []), [answer]);
  if (read.isError) return <Failure error={read.error} retry={refresh} />;
  if (!answer) return <Skeleton rows={8} />;
  if (answer.series.length === 0) return <p className="panel series-none">{texts.series.none}</p>;
  const truncated = read.data?.meta.truncated;
  return (
    <section className="panel histogram" aria-label={compared ? texts.compared.label : texts.series.label}>
      {truncated && (
        <Banner tone="warn">
          {texts.truncated(truncated.reason)} {sentence(truncated.hint)}
        </Banner>
      )}
      {compared ? <ComparisonTable found={compared} /> : <Lines data={answer} q={q} window={window} />}
    </section>
  );
}
