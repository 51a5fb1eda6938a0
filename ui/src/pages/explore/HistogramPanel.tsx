import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { histogramRead } from "../../api/reads";
import { count, minute, percent } from "../../format";
import { Button } from "../../kit";
import { absolute, type Span } from "../../url/time";
import { Histogram } from "./Histogram";
import { texts } from "./texts";

interface Props {
  q: string;
  window: Span;
  run: number;
  onZoom: (span: Span) => void;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The histogram with its legend, its sums and its twin as a table. */
export function HistogramPanel({ q, window, run, onZoom }: Props) {
  const [table, setTable] = useState(false);
  const read = histogramRead({ q, ...absolute(window), buckets: 120 }, run);
  const { data, isError, error } = useQuery({ ...read, placeholderData: keepPreviousData });
  const bars = data?.data;
  const sampled = data?.meta.sampled;
  const cut = data?.meta.truncated;
  return (
    <section className="panel histogram" aria-label={texts.histogram.label}>
      <header className="histogram-head">
        <span className="legend legend-ok">{texts.histogram.legendOk}</span>
        <span className="legend legend-error">{texts.histogram.legendErrors}</span>
        {bars && (
          <span className="muted">{texts.histogram.summary(count(sum(bars.total)), count(sum(bars.errors)))}</span>
        )}
        {sampled && (
          <span className="muted">
            {texts.histogram.estimate(percent(sampled.rate), count(sampled.ci[0] ?? 0), count(sampled.ci[1] ?? 0))}
          </span>
        )}
        {cut && <span className="muted">{texts.truncated(cut.reason)}</span>}
        <Button kind="quiet" aria-pressed={table} onClick={() => setTable(!table)}>
          {table ? texts.histogram.asChart : texts.histogram.asTable}
        </Button>
      </header>
      {isError && (
        <p className="histogram-failed" role="alert">
          {texts.histogram.failed}: {error.message}
        </p>
      )}
      {bars && !table && <Histogram data={bars} window={window} onZoom={onZoom} />}
      {!bars && !isError && <div className="histogram-plot" />}
      {bars && table && (
        <div className="histogram-table">
          <table>
            <thead>
              <tr>
                <th scope="col">{texts.histogram.time}</th>
                <th scope="col">{texts.histogram.total}</th>
                <th scope="col">{texts.histogram.errors}</th>
              </tr>
            </thead>
            <tbody>
              {bars.start_ms.map((start, at) => (
                <tr key={start}>
                  <td>
                    <button
                      type="button"
                      className="link"
                      onClick={() => onZoom({ fromMs: start, toMs: start + bars.step_ms })}
                    >
                      {minute(start)}:{String(new Date(start).getSeconds()).padStart(2, "0")}
                    </button>
                  </td>
                  <td className="number">{count(bars.total[at]!)}</td>
                  <td className="number">{count(bars.errors[at]!)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
