import { tick } from "../format";
import { count } from "../format/count";
import type { Palette } from "../theme/tokens";
import { type BarRect, type Bars, type Box, layoutBars, timeTicks } from "./bars";

export interface BarsView {
  bars: Bars;
  fromMs: number;
  toMs: number;
  box: Box;
  /** First and last selected bucket. */
  selection: readonly [number, number] | null;
  cursor: number | null;
}

const FONT = "11px system-ui, sans-serif";

function drawAxes(ctx: CanvasRenderingContext2D, view: BarsView, colors: Palette, top: number): void {
  const { box, fromMs, toMs } = view;
  const ground = box.height - box.bottom;
  ctx.font = FONT;
  ctx.fillStyle = colors.text3;
  ctx.strokeStyle = colors.border;
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  for (const [value, y] of [
    [top, box.top],
    [top / 2, (box.top + ground) / 2],
  ] as const) {
    ctx.fillText(count(value), box.left - 6, Math.max(6, y));
    line(ctx, box.left, y, box.width, y);
  }
  line(ctx, box.left, ground, box.width, ground);
  const { stepMs, at } = timeTicks(fromMs, toMs, Math.max(2, Math.floor((box.width - box.left) / 90)));
  ctx.textBaseline = "top";
  ctx.textAlign = "center";
  for (const ms of at) {
    const x = box.left + ((ms - fromMs) / (toMs - fromMs)) * (box.width - box.left);
    const half = ctx.measureText(tick(ms, stepMs)).width / 2;
    if (x - half >= box.left && x + half <= box.width) ctx.fillText(tick(ms, stepMs), x, ground + 4);
    line(ctx, x, ground, x, ground + 3);
  }
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
  ctx.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
  ctx.stroke();
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
  drawAxes(ctx, view, colors, top);
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
