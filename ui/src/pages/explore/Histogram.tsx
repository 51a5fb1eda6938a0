import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import type { HistogramData } from "../../api/types";
import { type Bars, type Box, bucketAt } from "../../chart/bars";
import { drawBars } from "../../chart/drawBars";
import { arrowed, Plot, shareAt } from "../../chart/Plot";
import { count, minute } from "../../format";
import { useCommands } from "../../keys/useCommands";
import { useTheme } from "../../theme/theme";
import { PALETTES } from "../../theme/tokens";
import type { Span } from "../../url/time";
import { texts } from "./texts";

const HEIGHT = 116;
const EDGE = { left: 46, bottom: 18, top: 6 };

type Selection = readonly [number, number] | null;

function spanOf(bars: Bars, selection: readonly [number, number], window: Span): Span {
  return {
    fromMs: Math.max(window.fromMs, bars.startMs[selection[0]]!),
    toMs: Math.min(window.toMs, bars.startMs[selection[1]]! + bars.stepMs),
  };
}

/** What a screen reader hears for the cursor or the selection. */
function spoken(bars: Bars, cursor: number | null, selection: Selection): string {
  const [from, to] = selection ?? [cursor, cursor];
  if (from === null || to === null) return "";
  const sum = (values: readonly number[]): string => count(values.slice(from, to + 1).reduce((a, b) => a + b, 0));
  const first = minute(bars.startMs[from]!);
  const range = from === to ? first : texts.histogram.range(first, minute(bars.startMs[to]! + bars.stepMs));
  return texts.histogram.bucket(range, sum(bars.total), sum(bars.errors));
}

interface Props {
  data: HistogramData;
  window: Span;
  onZoom: (span: Span) => void;
}

/** Matching spans over time; drag or Shift+arrows select, release or Enter zooms. */
export function Histogram({ data, window, onZoom }: Props) {
  const plot = useRef<HTMLDivElement>(null);
  const anchor = useRef<number | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const [selection, setSelection] = useState<Selection>(null);
  const theme = useTheme();
  const bars: Bars = { startMs: data.start_ms, stepMs: data.step_ms, total: data.total, errors: data.errors };
  // biome-ignore lint/correctness/useExhaustiveDependencies: new data ends what was marked on the old
  useEffect(() => {
    setSelection(null);
    setCursor(null);
  }, [data]);
  const draw = (ctx: CanvasRenderingContext2D, box: Box): void =>
    drawBars(ctx, { bars, ...window, box, selection, cursor }, PALETTES[theme]);
  useCommands([
    {
      id: "histogram",
      keys: ["h"],
      title: texts.histogram.focus,
      group: texts.keys.group,
      run: () => plot.current?.focus(),
    },
  ]);
  const zoom = (to: Selection): void => {
    setSelection(null);
    const span = to && spanOf(bars, to, window);
    // Bars that were just replaced by others may have left a mark beyond their end.
    if (span && span.fromMs < span.toMs) onZoom(span);
  };
  const at = (event: PointerEvent<HTMLCanvasElement>): number =>
    bucketAt(bars, window.fromMs + shareAt(event, EDGE) * (window.toMs - window.fromMs));
  const between = (a: number, b: number): Selection => (a <= b ? [a, b] : [b, a]);
  const onKey = (event: KeyboardEvent): void => {
    const next = arrowed(event, cursor, bars.startMs.length);
    if (next !== null) {
      if (!event.shiftKey) anchor.current = next;
      setSelection(event.shiftKey ? between(anchor.current ?? cursor ?? next, next) : null);
      setCursor(next);
    } else if (event.key === "Enter" && cursor !== null) {
      event.preventDefault();
      zoom(selection ?? [cursor, cursor]);
    } else if (event.key === "Escape") {
      setSelection(null);
      setCursor(null);
    }
  };
  return (
    <Plot
      ref={plot}
      height={HEIGHT}
      edge={EDGE}
      label={`${texts.histogram.label}. ${texts.histogram.keys}`}
      told={spoken(bars, cursor, selection)}
      draw={draw}
      onKey={onKey}
      onLeave={() => setCursor(null)}
      pointer={{
        onPointerDown: (event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          anchor.current = at(event);
          setSelection([anchor.current, anchor.current]);
        },
        onPointerMove: (event) => {
          setCursor(at(event));
          if (event.buttons === 1 && anchor.current !== null) setSelection(between(anchor.current, at(event)));
        },
        onPointerUp: () => {
          anchor.current = null;
          zoom(selection);
        },
        onPointerCancel: () => setSelection(null),
      }}
    />
  );
}
