import { duration } from "../../format";
import { PALETTES, type ThemeName } from "../../theme/tokens";
import { BarPainter, LABEL_PX, type Viewport } from "../draw/bars";
import { Scene } from "../draw/rects";
import { CanvasRenderer } from "../draw/renderer";
import { ticks } from "../draw/ruler";
import { panBy, zoomAt } from "../model/zoom";
import { type FrameLog, harness } from "./harness";
import { RowLayer } from "./rows";
import { RowScroll } from "./scroll";
import type { Change, Session } from "./session";

export interface Parts {
  box: HTMLElement;
  spacer: HTMLElement;
  stage: HTMLElement;
  rows: HTMLElement;
  bars: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
}

/** Draws the waterfall: one animation frame when something has changed, none otherwise. */
export class WaterfallView {
  readonly scene = new Scene();
  readonly scroll: RowScroll;
  theme: ThemeName = "light";
  nameWidth = 360;
  #rowHeight: number;
  #pending = 0;
  #pointer: number | null = null;
  #width = 0;
  #height = 0;
  readonly #painter = new BarPainter(this.scene);
  readonly #renderer: CanvasRenderer;
  readonly #overlay: CanvasRenderingContext2D;
  readonly #rows: RowLayer;
  readonly #observer: ResizeObserver;
  readonly #off: () => void;
  readonly #log: FrameLog | null;

  constructor(
    private readonly parts: Parts,
    private readonly session: Session,
    id: string,
  ) {
    this.#rowHeight = matchMedia("(pointer: coarse)").matches ? 44 : 24;
    parts.box.style.setProperty("--tl-row", `${this.#rowHeight}px`);
    this.#log = harness(this, session);
    this.#renderer = new CanvasRenderer(parts.bars);
    this.#overlay = parts.overlay.getContext("2d")!;
    this.#rows = new RowLayer(parts.rows, session, id);
    this.scroll = new RowScroll(parts.box, parts.spacer, this.#rowHeight, () => this.dirty());
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(parts.box);
    this.#off = session.subscribe((change) => this.#changed(change));
    parts.box.addEventListener("wheel", this.#onWheel, { passive: false });
    this.#changed("rows");
  }

  stop(): void {
    cancelAnimationFrame(this.#pending);
    this.#observer.disconnect();
    this.#off();
    this.scroll.stop();
    this.parts.box.removeEventListener("wheel", this.#onWheel);
  }

  setTheme(theme: ThemeName): void {
    this.theme = theme;
    this.#renderer.theme(theme);
    this.dirty();
  }

  setNameWidth(px: number): void {
    this.nameWidth = px;
    this.#resize();
  }

  dirty(): void {
    if (this.#pending === 0) this.#pending = requestAnimationFrame(this.#frame);
  }

  /** The line under a point of the page, or -1. */
  lineAt(clientY: number): number {
    const y = clientY - this.parts.stage.getBoundingClientRect().top;
    const line = Math.floor(this.scroll.topRow + y / this.#rowHeight);
    return line >= 0 && line < this.session.visible.length ? line : -1;
  }

  /** The moment under a point of the page, or null over the names. */
  momentAt(clientX: number): number | null {
    const x = clientX - this.parts.stage.getBoundingClientRect().left - this.nameWidth;
    const { from, to } = this.session.window;
    return x >= 0 && this.#width > 0 ? from + (x / this.#width) * (to - from) : null;
  }

  point(clientX: number | null, line: number): void {
    this.#pointer = clientX;
    this.session.setHover(line);
    this.dirty();
  }

  #changed(change: Change): void {
    if (change === "rows") this.#painter.reset();
    if (change === "rows" || change === "lines") this.#keepAnchor();
    this.dirty();
  }

  /** The line at the top (or the selected one, when in sight) stays where it is while lines come and go. */
  #anchor = { row: 0, offset: 0 };
  #keepAnchor(): void {
    const line = this.session.line(this.#anchor.row);
    this.scroll.rows = this.session.visible.length;
    if (line >= 0) this.scroll.topRow = Math.max(0, line - this.#anchor.offset);
    this.scroll.setRows(this.session.visible.length);
  }

  #remember(): void {
    const { session, scroll } = this;
    const chosen = session.line();
    const inSight = chosen >= scroll.topRow && chosen < scroll.topRow + scroll.page;
    const line = inSight ? chosen : Math.floor(scroll.topRow);
    if (line < session.visible.length) this.#anchor = { row: session.visible.row[line]!, offset: line - scroll.topRow };
  }

  #resize(): void {
    const { box, stage, overlay } = this.parts;
    const scale = devicePixelRatio || 1;
    this.#width = Math.max(10, box.clientWidth - this.nameWidth - LABEL_PX);
    this.#height = box.clientHeight;
    stage.style.height = `${this.#height}px`;
    this.session.widthPx = this.#width;
    this.#renderer.resize(this.#width + LABEL_PX, this.#height, scale);
    overlay.width = Math.round((this.#width + LABEL_PX) * scale);
    overlay.height = Math.round(this.#height * scale);
    this.#overlay.setTransform(scale, 0, 0, scale, 0, 0);
    this.scroll.setRows(this.session.visible.length);
    this.dirty();
  }

  port(): Viewport {
    const { topRow } = this.scroll;
    return {
      topRow,
      rowHeight: this.#rowHeight,
      width: this.#width,
      gutter: LABEL_PX,
      height: this.#height,
      window: this.session.window,
    };
  }

  #frame = (): void => {
    this.#pending = 0;
    const begun = performance.now();
    const { session, scene } = this;
    const port = this.port();
    scene.clear();
    const sheet = {
      columns: session.columns,
      derived: session.derived,
      visible: session.visible,
      closed: session.closed,
      slots: session.slots,
      match: session.found?.mask ?? null,
      dim: session.mode === "dim",
      duration,
    };
    this.#painter.paint(sheet, port);
    this.#renderer.draw(scene);
    this.#drawOverlay(port);
    const shown = this.#rows.update(port.topRow, port.height / this.#rowHeight, this.#rowHeight, this.theme);
    this.#remember();
    this.#log?.frame(performance.now() - begun, shown);
  };

  #drawOverlay(port: Viewport): void {
    const pen = this.#overlay;
    const colors = PALETTES[this.theme];
    pen.clearRect(0, 0, port.width + LABEL_PX, port.height);
    pen.fillStyle = colors.border;
    pen.globalAlpha = 0.55;
    for (const tick of ticks(port.window, port.width)) pen.fillRect(Math.round(tick.x), 0, 1, port.height);
    pen.globalAlpha = 1;
    const moment = this.#pointer === null ? null : this.momentAt(this.#pointer);
    if (moment === null || this.#pointer === null) return;
    const x = Math.round(this.#pointer - this.parts.stage.getBoundingClientRect().left - this.nameWidth);
    pen.fillStyle = colors.accent;
    pen.fillRect(x, 0, 1, port.height);
  }

  #onWheel = (event: WheelEvent): void => {
    const zoom = event.ctrlKey || event.metaKey;
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (!zoom && (sideways === 0 || Math.abs(sideways) < Math.abs(event.shiftKey ? 0 : event.deltaY))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { session } = this;
    const at = this.momentAt(event.clientX) ?? (session.window.from + session.window.to) / 2;
    if (zoom) session.setWindow(zoomAt(session.whole, session.window, at, 1.0015 ** event.deltaY, this.#width));
    else session.setWindow(panBy(session.whole, session.window, sideways / this.#width));
  };
}
