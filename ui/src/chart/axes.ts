import { tick } from "../format";
import type { Palette } from "../theme/tokens";
import { type Box, timeTicks } from "./bars";

export interface Axes {
  fromMs: number;
  toMs: number;
  box: Box;
  /** The value at the upper edge; zero is the ground. */
  top: number;
  format: (value: number) => string;
}

const FONT = "11px system-ui, sans-serif";

/** Draws two lines with their values, the ground, and round moments below it. */
export function drawAxes(ctx: CanvasRenderingContext2D, axes: Axes, colors: Palette): void {
  const { box, fromMs, toMs, top } = axes;
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
    ctx.fillText(axes.format(value), box.left - 6, Math.max(6, y));
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
