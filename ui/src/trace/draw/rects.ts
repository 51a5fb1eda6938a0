/** Rectangles in drawing order, packed; reused from frame to frame so that drawing makes no garbage. */
export class RectList {
  length = 0;
  x = new Float32Array(1024);
  y = new Float32Array(1024);
  w = new Float32Array(1024);
  h = new Float32Array(1024);
  style = new Uint16Array(1024);

  clear(): void {
    this.length = 0;
  }

  push(style: number, x: number, y: number, w: number, h: number): void {
    const at = this.length;
    if (at === this.x.length) this.#grow();
    this.x[at] = x;
    this.y[at] = y;
    this.w[at] = w;
    this.h[at] = h;
    this.style[at] = style;
    this.length = at + 1;
  }

  #grow(): void {
    const room = this.x.length * 2;
    for (const name of ["x", "y", "w", "h"] as const) {
      const wider = new Float32Array(room);
      wider.set(this[name]);
      this[name] = wider;
    }
    const style = new Uint16Array(room);
    style.set(this.style);
    this.style = style;
  }
}

/** Styles of rectangles: 0-23 the colour slots, +24 the same at 45 %, then the signs that never use service colours. */
export const STYLE = {
  children: 24,
  line: 48,
  critical: 49,
  error: 50,
  errorHatch: 51,
  match: 52,
  density: 53,
  densityError: 54,
  outline: 55,
  grid: 56,
  gap: 57,
} as const;
export const STYLES = 58;

export interface MarkAt {
  kind: MarkKind;
  x: number;
  y: number;
}
export type MarkKind = "error" | "origin" | "event" | "link" | "log" | "open" | "redacted" | "skew" | "outlives";

export interface LabelAt {
  text: string;
  x: number;
  y: number;
  align: "left" | "right";
  /** Stands on a bar, and so needs a ground of its own. */
  chip?: boolean;
}

/** What one frame draws. */
export class Scene {
  readonly rects = new RectList();
  marks: MarkAt[] = [];
  labels: LabelAt[] = [];

  clear(): void {
    this.rects.clear();
    this.marks.length = 0;
    this.labels.length = 0;
  }
}
