/** What the answer of a metrics query looks like to a person. */
import type { Series } from "../../api/types";
import { count, duration } from "../../format";
import { texts } from "./texts";

/** As many as colours and dashes tell apart. */
export const MOST_DRAWN = 16;

export interface Shown {
  name: string;
  values: readonly (number | null)[];
  last: number | null;
  least: number | null;
  most: number | null;
  traceId: string | null;
}

const SECONDS = /\| (min|max|avg|sum|quantile)_over_time\((duration|traceDuration|event:timeSinceStart)\b/;

/** How values are written: durations come in seconds, all else as it is. */
export function formatOf(canonical: string): (value: number) => string {
  if (SECONDS.test(canonical)) return (value) => duration(value * 1e9);
  return (value) => (Number.isInteger(value) || Math.abs(value) >= 1000 ? count(value) : String(+value.toPrecision(3)));
}

/** The name of a series: its labels, durations as people write them. */
export function nameOf(series: Series): string {
  const parts = series.labels.map(({ key, type, value }) => {
    const text = type === "duration" ? duration(Number(value)) : value === null ? "nil" : String(value);
    return series.labels.length === 1 ? text : `${key}=${text}`;
  });
  return parts.join(" ") || texts.series.all;
}

/** The series, the largest first. A quantile is 0 where no span is (as in Tempo): that is a gap, not a fast moment. */
export function shown(series: readonly Series[], canonical: string): Shown[] {
  const gaps = canonical.includes("quantile_over_time(");
  const all = series.map((one) => {
    const values = gaps ? one.values.map((value) => value || null) : one.values;
    const there = values.filter((value) => value !== null);
    return {
      name: nameOf(one),
      values,
      last: there.at(-1) ?? null,
      least: there.length > 0 ? there.reduce((a, b) => Math.min(a, b)) : null,
      most: there.length > 0 ? there.reduce((a, b) => Math.max(a, b)) : null,
      traceId: one.exemplars.at(-1)?.trace_id ?? null,
    };
  });
  return all.sort((a, b) => (b.most ?? 0) - (a.most ?? 0));
}
