import { type Span, tickStep } from "../model/zoom";

export interface Tick {
  x: number;
  /** Nanoseconds from the start of the trace. */
  ns: number;
}

/** Ticks at round times, at most one per 90 px. */
export function ticks(window: Span, width: number): Tick[] {
  const step = tickStep(window, width);
  const out: Tick[] = [];
  const scale = width / (window.to - window.from);
  for (let ns = Math.ceil(window.from / step) * step; ns <= window.to && out.length < 200; ns += step)
    out.push({ x: (ns - window.from) * scale, ns });
  return out;
}
