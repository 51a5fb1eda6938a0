import type { Palette } from "../../theme/tokens";
import type { MarkKind } from "./rects";

type Pen = CanvasRenderingContext2D;

/** Shapes differ, not only colours: each sign is known without seeing its hue. */
const SHAPES: Record<MarkKind, (pen: Pen, x: number, y: number) => void> = {
  error: (pen, x, y) => cross(pen, x, y),
  origin: (pen, x, y) => {
    pen.arc(x, y, 5, 0, Math.PI * 2);
    pen.moveTo(x + 2, y);
    pen.arc(x, y, 2, 0, Math.PI * 2);
  },
  event: (pen, x, y) => polygon(pen, [x, y - 4, x + 4, y, x, y + 4, x - 4, y]),
  link: (pen, x, y) => {
    pen.roundRect(x - 5.5, y - 2.5, 6, 5, 2.5);
    pen.roundRect(x - 0.5, y - 2.5, 6, 5, 2.5);
  },
  log: (pen, x, y) => pen.rect(x - 1.5, y - 4, 3, 8),
  open: (pen, x, y) => polygon(pen, [x, y - 4, x + 5, y, x, y + 4]),
  redacted: (pen, x, y) => pen.rect(x - 3, y - 1, 6, 5),
  skew: (pen, x, y) => {
    for (const dy of [-6, -2, 2]) {
      pen.moveTo(x, y + dy);
      pen.lineTo(x, y + dy + 2);
    }
  },
  outlives: (pen, x, y) => {
    pen.moveTo(x - 4, y - 5);
    pen.lineTo(x + 2, y - 5);
    pen.lineTo(x + 2, y + 5);
    pen.lineTo(x - 4, y + 5);
  },
};

function cross(pen: Pen, x: number, y: number): void {
  pen.moveTo(x - 3.5, y - 3.5);
  pen.lineTo(x + 3.5, y + 3.5);
  pen.moveTo(x + 3.5, y - 3.5);
  pen.lineTo(x - 3.5, y + 3.5);
}

function polygon(pen: Pen, points: readonly number[]): void {
  pen.moveTo(points[0]!, points[1]!);
  for (let i = 2; i < points.length; i += 2) pen.lineTo(points[i]!, points[i + 1]!);
  pen.closePath();
}

export function drawMark(pen: Pen, kind: MarkKind, x: number, y: number, colors: Palette): void {
  const bad = kind === "error" || kind === "origin";
  pen.strokeStyle = pen.fillStyle = bad ? colors.error : colors.text;
  pen.lineWidth = 1.5;
  pen.beginPath();
  SHAPES[kind](pen, x, y);
  if (kind === "event" || kind === "log" || kind === "open") pen.fill();
  else pen.stroke();
}
