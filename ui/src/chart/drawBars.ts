import { count } from "../format";
import type { Palette } from "../theme/tokens";
import { drawAxes } from "./axes";
import { type BarRect, type Bars, type Box, layoutBars } from "./bars";

export interface BarsView {
  bars: Bars;
  fromMs: number;
  toMs: number;
  box: Box;
  /** First and last selected bucket. */
  selection: readonly [number, number] | null;
  cursor: number | null;
}

function hatch(ctx: CanvasRenderingContext2D, rect: BarRect, color: string): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(rect.x, rect.errorY, rect.width, rect.errorHeight);
  ctx.clip();
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  for (let x = rect.x - rect.errorHeight; x < rect.x + rect.width; x += 5) {
    ctx.beginPath();
    ctx.moveTo(x, rect.errorY + rect.errorHeight);
    ctx.lineTo(x + rect.errorHeight, rect.errorY);
    ctx.stroke();
  }
  ctx.restore();
}

/** Draws the histogram: spans in the accent colour, errors hatched in red below them, the selection behind. */
export function drawBars(ctx: CanvasRenderingContext2D, view: BarsView, colors: Palette): void {
  const { box } = view;
  const { rects, top } = layoutBars(view.bars, view.fromMs, view.toMs, box);
  const ground = box.height - box.bottom;
  ctx.clearRect(0, 0, box.width, box.height);
  const first = view.selection && rects[view.selection[0]];
  const last = view.selection && rects[view.selection[1]];
  if (first && last) {
    ctx.fillStyle = colors.selected;
    ctx.fillRect(first.x, 0, last.x + last.width - first.x, ground);
  }
  drawAxes(ctx, { ...view, top, format: count }, colors);
  for (const rect of rects) {
    ctx.globalAlpha = first && (rect.index < view.selection![0] || rect.index > view.selection![1]) ? 0.45 : 1;
    ctx.fillStyle = colors.accent;
    ctx.fillRect(rect.x, rect.okY, rect.width, rect.okHeight);
    if (rect.errorHeight === 0) continue;
    ctx.fillStyle = colors.error;
    ctx.fillRect(rect.x, rect.errorY, rect.width, rect.errorHeight);
    if (rect.errorHeight > 3 && rect.width > 3) hatch(ctx, rect, colors.surface);
  }
  ctx.globalAlpha = 1;
  const cursor = view.cursor === null ? undefined : rects[view.cursor];
  if (cursor) {
    ctx.strokeStyle = colors.text;
    ctx.strokeRect(cursor.x - 0.5, box.top + 0.5, cursor.width + 1, ground - box.top - 1);
  }
}
