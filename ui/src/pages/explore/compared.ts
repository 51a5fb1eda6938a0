/** What a comparison says to a person: how often a value is among the selected spans and among the others. */
import type { Series } from "../../api/types";

type Side = "selection" | "baseline";

/** Part of a side, 0-1; `most` when only this much is known: the value is not among the listed ones of its side. */
export interface Share {
  share: number;
  most: boolean;
}

export interface Compared {
  attribute: string;
  value: string;
  /** The search for the spans that have it. */
  q: string;
  selection: Share;
  baseline: Share;
  /** Share of the selection less that of the baseline. */
  more: number;
}

export interface Comparison {
  /** Spans of each side. */
  spans: Record<Side, number>;
  /** The largest difference first. */
  rows: Compared[];
}

const META = "__meta_type";
const WORDS = ["status", "kind", "int", "float", "bool"];

interface Listed {
  total: number;
  /** Spans by value, written as in a query. */
  values: Map<string, number>;
}

/** Returns the comparison in an answer, `null` when it holds other series. */
export function comparison(series: readonly Series[]): Comparison | null {
  const sides: Record<Side, Map<string, Listed>> = { selection: new Map(), baseline: new Map() };
  for (const { labels, values } of series) {
    const [meta, label] = labels[0]?.key === META ? labels : [...labels].reverse();
    if (!label || meta?.key !== META) return null;
    const [side, total] = String(meta.value).split("_") as [Side, string | undefined];
    const listed = sides[side].get(label.key) ?? { total: 0, values: new Map<string, number>() };
    const spans = values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
    if (total) listed.total = spans;
    else listed.values.set(WORDS.includes(label.type) ? String(label.value) : JSON.stringify(label.value), spans);
    sides[side].set(label.key, listed);
  }
  const spans = { selection: most(sides.selection), baseline: most(sides.baseline) };
  const rows: Compared[] = [];
  for (const attribute of new Set([...sides.selection.keys(), ...sides.baseline.keys()])) {
    const [selected, others] = [sides.selection.get(attribute), sides.baseline.get(attribute)];
    for (const value of new Set([...(selected?.values.keys() ?? []), ...(others?.values.keys() ?? [])])) {
      const selection = shareOf(selected, value, spans.selection);
      const baseline = shareOf(others, value, spans.baseline);
      const q = `{ ${attribute} = ${value} }`;
      rows.push({ attribute, value, q, selection, baseline, more: selection.share - baseline.share });
    }
  }
  rows.sort((a, b) => Math.abs(b.more) - Math.abs(a.more));
  return { spans, rows };
}

/** Every span has a name, so the largest total counts them all. */
function most(side: ReadonlyMap<string, Listed>): number {
  return Math.max(0, ...[...side.values()].map(({ total }) => total));
}

function shareOf(listed: Listed | undefined, value: string, spans: number): Share {
  if (!listed || spans === 0) return { share: 0, most: false };
  const known = listed.values.get(value);
  if (known !== undefined) return { share: known / spans, most: false };
  const counts = [...listed.values.values()];
  const rest = Math.max(0, listed.total - counts.reduce((sum, count) => sum + count, 0));
  return { share: Math.min(rest, ...counts) / spans, most: rest > 0 };
}
