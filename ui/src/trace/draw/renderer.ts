import { PALETTES, serviceColor, type ThemeName } from "../../theme/tokens";
import { drawMark } from "./marks";
import { type RectList, type Scene, STYLE, STYLES } from "./rects";

/** Puts a scene on screen; another one (WebGL) may take this one's place. */
export interface Renderer {
  resize(width: number, height: number, scale: number): void;
  theme(theme: ThemeName): void;
  draw(scene: Scene): void;
}

type Paint = string | CanvasPattern;

/** A tile of 8 px: the colour with stripes or dots cut out of it in the ground's colour. */
function texture(context: CanvasRenderingContext2D, kind: "hatch" | "dots", color: string, ground: string): Paint {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d")!;
  pen.fillStyle = color;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = pen.fillStyle = ground;
  pen.lineWidth = 1.6;
  pen.beginPath();
  if (kind === "hatch")
    for (const x of [-8, 0, 8]) {
      pen.moveTo(x, 8);
      pen.lineTo(x + 8, 0);
    }
  else for (const at of [2, 6]) pen.rect(at - 0.8, at - 0.8, 1.6, 1.6);
  if (kind === "hatch") pen.stroke();
  else pen.fill();
  return context.createPattern(tile, "repeat")!;
}

/** The paint of every style in a theme. */
function paints(context: CanvasRenderingContext2D, theme: ThemeName): Paint[] {
  const colors = PALETTES[theme];
  const out: Paint[] = new Array(STYLES).fill(colors.text3);
  for (let slot = 0; slot < 24; slot++) {
    const { color, texture: kind } = serviceColor(slot, theme);
    out[slot] = kind === "solid" ? color : texture(context, kind, color, colors.surface);
    out[slot + STYLE.children] = out[slot]!;
  }
  out[STYLE.line] = colors.borderStrong;
  out[STYLE.critical] = colors.critical;
  out[STYLE.error] = out[STYLE.densityError] = colors.error;
  out[STYLE.errorHatch] = texture(context, "hatch", colors.error, colors.surface);
  out[STYLE.match] = colors.warn;
  out[STYLE.density] = theme === "light" ? "#73A9E1" : "#32669A";
  out[STYLE.outline] = colors.borderStrong;
  out[STYLE.grid] = colors.border;
  return out;
}

/** Fills rectangles style by style, so that the paint changes once per style. */
export class CanvasRenderer implements Renderer {
  readonly #context: CanvasRenderingContext2D;
  #paints: Paint[] = [];
  #theme: ThemeName = "light";
  #width = 0;
  #height = 0;
  #order: Uint32Array = new Uint32Array(1024);
  readonly #ends = new Uint32Array(STYLES + 1);

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.#context = canvas.getContext("2d")!;
  }

  resize(width: number, height: number, scale: number): void {
    this.#width = width;
    this.#height = height;
    this.canvas.width = Math.max(1, Math.round(width * scale));
    this.canvas.height = Math.max(1, Math.round(height * scale));
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
  }

  theme(theme: ThemeName): void {
    this.#theme = theme;
    this.#paints = paints(this.#context, theme);
  }

  draw(scene: Scene): void {
    const pen = this.#context;
    pen.clearRect(0, 0, this.#width, this.#height);
    this.#fill(scene.rects);
    const colors = PALETTES[this.#theme];
    for (const { kind, x, y } of scene.marks) drawMark(pen, kind, x, y, colors);
    if (scene.labels.length === 0) return;
    pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
    pen.textBaseline = "middle";
    pen.fillStyle = colors.text2;
    for (const { text, x, y, align, chip } of scene.labels) {
      if (chip) {
        const w = pen.measureText(text).width + 8;
        pen.fillStyle = colors.surface;
        pen.fillRect(x - w + 4, y - 8, w, 16);
        pen.fillStyle = colors.text2;
      }
      pen.textAlign = align;
      pen.fillText(text, x, y);
    }
  }

  #fill(rects: RectList): void {
    const pen = this.#context;
    this.#sort(rects);
    let at = 0;
    for (let style = 0; style < STYLES; style++) {
      const stop = this.#ends[style]!;
      if (at === stop) continue;
      pen.fillStyle = pen.strokeStyle = this.#paints[style]!;
      pen.globalAlpha = style >= STYLE.children && style < STYLE.line ? 0.45 : 1;
      for (; at < stop; at++) {
        const i = this.#order[at]!;
        if (style === STYLE.outline)
          pen.strokeRect(
            rects.x[i]! + 0.5,
            rects.y[i]! + 0.5,
            Math.max(1, rects.w[i]! - 1),
            Math.max(1, rects.h[i]! - 1),
          );
        else pen.fillRect(rects.x[i]!, rects.y[i]!, rects.w[i]!, rects.h[i]!);
      }
    }
    pen.globalAlpha = 1;
  }

  /** Counting sort by style that keeps the order inside one. */
  #sort(rects: RectList): void {
    const ends = this.#ends.fill(0);
    if (this.#order.length < rects.length) this.#order = new Uint32Array(rects.x.length);
    for (let i = 0; i < rects.length; i++) ends[rects.style[i]! + 1]!++;
    for (let style = 1; style <= STYLES; style++) ends[style]! += ends[style - 1]!;
    for (let i = 0; i < rects.length; i++) this.#order[ends[rects.style[i]!]!++] = i;
  }
}
