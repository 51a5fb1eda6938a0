import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { HistogramData } from "../../api/types";
import { type Bars, bucketAt } from "../../chart/bars";
import { drawBars } from "../../chart/drawBars";
import { useWidth } from "../../chart/useWidth";
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
  const [box, width] = useWidth();
  const canvas = useRef<HTMLCanvasElement>(null);
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
  useLayoutEffect(() => {
    const element = canvas.current!;
    const ratio = devicePixelRatio || 1;
    element.width = width * ratio;
    element.height = HEIGHT * ratio;
    const ctx = element.getContext("2d")!;
    ctx.scale(ratio, ratio);
    const shape = { width, height: HEIGHT, ...EDGE };
    drawBars(ctx, { bars, ...window, box: shape, selection, cursor }, PALETTES[theme]);
  });
  useCommands([
    {
      id: "histogram",
      keys: ["h"],
      title: texts.histogram.focus,
      group: texts.keys.group,
      run: () => box.current?.focus(),
    },
  ]);
  const zoom = (to: Selection): void => {
    setSelection(null);
    const span = to && spanOf(bars, to, window);
    // Bars that were just replaced by others may have left a mark beyond their end.
    if (span && span.fromMs < span.toMs) onZoom(span);
  };
  const at = (event: PointerEvent): number => {
    const x = event.clientX - canvas.current!.getBoundingClientRect().left - EDGE.left;
    return bucketAt(bars, window.fromMs + (x / Math.max(1, width - EDGE.left)) * (window.toMs - window.fromMs));
  };
  const between = (a: number, b: number): Selection => (a <= b ? [a, b] : [b, a]);
  const onKey = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by !== 0) {
      event.preventDefault();
      const next = Math.max(0, Math.min(bars.startMs.length - 1, (cursor ?? (by > 0 ? -1 : bars.startMs.length)) + by));
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
    <div
      ref={box}
      className="histogram-plot"
      role="group"
      aria-roledescription="chart"
      aria-label={`${texts.histogram.label}. ${texts.histogram.keys}`}
      tabIndex={0}
      onKeyDown={onKey}
      onBlur={() => setCursor(null)}
    >
      <canvas
        ref={canvas}
        style={{ width: "100%", height: HEIGHT }}
        aria-hidden="true"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          canvas.current!.setPointerCapture(event.pointerId);
          anchor.current = at(event);
          setSelection([anchor.current, anchor.current]);
        }}
        onPointerMove={(event) => {
          setCursor(at(event));
          if (event.buttons === 1 && anchor.current !== null) setSelection(between(anchor.current, at(event)));
        }}
        onPointerUp={() => {
          anchor.current = null;
          zoom(selection);
        }}
        onPointerCancel={() => setSelection(null)}
        onPointerLeave={() => setCursor(null)}
      />
      <p className="histogram-tip" aria-live="polite">
        {spoken(bars, cursor, selection)}
      </p>
    </div>
  );
}
