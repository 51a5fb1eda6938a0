/** Series over time: where their points stand, without a canvas. */
import { type Box, niceCeil } from "./bars";

export interface Lines {
  timesMs: readonly number[];
  values: readonly (readonly (number | null)[])[];
}

export interface Point {
  x: number;
  y: number;
}

/** The runs of neighbouring points of every series, null points between them; the ground is zero or the least value. */
export function layoutLines(
  lines: Lines,
  fromMs: number,
  toMs: number,
  box: Box,
): { runs: Point[][][]; top: number; low: number } {
  let top = 0;
  let low = 0;
  for (const values of lines.values)
    for (const value of values) {
      if (value === null) continue;
      if (value > top) top = value;
      if (value < low) low = value;
    }
  top = niceCeil(top);
  const ground = box.height - box.bottom;
  const x = (ms: number): number => box.left + ((ms - fromMs) / Math.max(1, toMs - fromMs)) * (box.width - box.left);
  const y = (value: number): number => ground - ((value - low) / (top - low)) * (ground - box.top);
  const runs = lines.values.map((values) => {
    const found: Point[][] = [];
    let run: Point[] = [];
    values.forEach((value, at) => {
      if (value === null) {
        if (run.length > 0) found.push(run);
        run = [];
      } else run.push({ x: x(lines.timesMs[at]!), y: y(value) });
    });
    if (run.length > 0) found.push(run);
    return found;
  });
  return { runs, top, low };
}

/** The index of the time that is nearest, or -1. */
export function nearest(timesMs: readonly number[], ms: number): number {
  let best = -1;
  for (const [at, time] of timesMs.entries())
    if (best < 0 || Math.abs(time - ms) < Math.abs(timesMs[best]! - ms)) best = at;
  return best;
}
