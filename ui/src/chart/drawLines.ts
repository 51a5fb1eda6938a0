import type { Palette } from "../theme/tokens";
import { drawAxes } from "./axes";
import type { Box } from "./bars";
import { type Lines, layoutLines } from "./lines";

export interface LinesView {
  lines: Lines;
  fromMs: number;
  toMs: number;
  box: Box;
  /** Colour and dash of each series. */
  styles: readonly { color: string; dash: readonly number[] }[];
  format: (value: number) => string;
  cursor: number | null;
  /** The series that stands out, or -1. */
  lit: number;
}

/** Draws series as lines; a lonely point is a dot, the one that is pointed at stands out. */
export function drawLines(ctx: CanvasRenderingContext2D, view: LinesView, colors: Palette): void {
  const { box, lines, fromMs, toMs } = view;
  ctx.clearRect(0, 0, box.width, box.height);
  const { runs, top } = layoutLines(lines, fromMs, toMs, box);
  drawAxes(ctx, { fromMs, toMs, box, top, format: view.format }, colors);
  const order = runs.map((_, at) => at).sort((a, b) => Number(a === view.lit) - Number(b === view.lit));
  for (const at of order) {
    const { color, dash } = view.styles[at]!;
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.globalAlpha = view.lit >= 0 && at !== view.lit ? 0.35 : 1;
    ctx.lineWidth = at === view.lit ? 2.5 : 1.5;
    ctx.setLineDash([...dash]);
    for (const run of runs[at]!) {
      ctx.beginPath();
      for (const [index, { x, y }] of run.entries()) index === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y);
      if (run.length > 1) ctx.stroke();
      else {
        ctx.arc(run[0]!.x, run[0]!.y, 2, 0, 2 * Math.PI);
        ctx.fill();
      }
    }
  }
  ctx.globalAlpha = 1;
  ctx.setLineDash([]);
  const time = view.cursor === null ? undefined : lines.timesMs[view.cursor];
  if (time === undefined) return;
  const x = Math.round(box.left + ((time - fromMs) / (toMs - fromMs)) * (box.width - box.left)) + 0.5;
  ctx.strokeStyle = colors.borderStrong;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, box.top);
  ctx.lineTo(x, box.height - box.bottom);
  ctx.stroke();
}
