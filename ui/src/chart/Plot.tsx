import {
  type CanvasHTMLAttributes,
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
  useLayoutEffect,
  useRef,
} from "react";
import type { Box } from "./bars";
import { useWidth } from "./useWidth";

/** Where in the plot a pointer is, from 0 at its left edge to 1 at its right one. */
export function shareAt(event: MouseEvent<HTMLCanvasElement>, edge: Edge): number {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  return (event.clientX - left - edge.left) / Math.max(1, Math.floor(width) - edge.left);
}

/** The place that an arrow key leads to from another, or from outside; `null` for any other key. */
export function arrowed(event: KeyboardEvent, from: number | null, places: number): number | null {
  const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (by === 0) return null;
  event.preventDefault();
  return Math.max(0, Math.min(places - 1, (from ?? (by > 0 ? -1 : places)) + by));
}

export type Edge = Pick<Box, "left" | "bottom" | "top">;

interface Props {
  ref?: Ref<HTMLDivElement>;
  height: number;
  edge: Edge;
  label: string;
  /** What a screen reader hears for what is pointed at. */
  told: string;
  draw: (ctx: CanvasRenderingContext2D, box: Box) => void;
  onKey: (event: KeyboardEvent) => void;
  /** Neither pointer nor keys point at anything any more. */
  onLeave: () => void;
  pointer: CanvasHTMLAttributes<HTMLCanvasElement>;
}

/** A canvas as wide as there is room, drawn anew with every change; used by pointer and keys, and told in words. */
export function Plot({ ref, height, edge, label, told, draw, onKey, onLeave, pointer }: Props) {
  const [box, width] = useWidth();
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const element = canvas.current!;
    const ratio = devicePixelRatio || 1;
    element.width = width * ratio;
    element.height = height * ratio;
    const ctx = element.getContext("2d")!;
    ctx.scale(ratio, ratio);
    draw(ctx, { width, height, ...edge });
  });
  return (
    <div
      ref={ref}
      className="histogram-plot"
      style={{ minHeight: height }}
      role="group"
      aria-roledescription="chart"
      aria-label={label}
      tabIndex={0}
      onKeyDown={onKey}
      onBlur={onLeave}
    >
      <div ref={box}>
        <canvas
          ref={canvas}
          style={{ width: "100%", height }}
          aria-hidden="true"
          {...pointer}
          onPointerLeave={onLeave}
        />
      </div>
      <p className="histogram-tip" aria-live="polite">
        {told}
      </p>
    </div>
  );
}
