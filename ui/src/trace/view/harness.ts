import type { Session } from "./session";
import type { WaterfallView } from "./waterfallView";

/** What tests ask the page: what is drawn and what each frame has cost. Off unless `clew.harness` is stored. */
export interface Harness {
  frames: number[];
  rects: () => { style: number; x: number; y: number; w: number; h: number }[];
  lines: () => { row: number; fold: number; depth: number; name: string; service: string }[];
  state: () => { topRow: number; lines: number; rows: number; complete: boolean; ids: number; window: number[] };
  scrollTo: (topRow: number) => void;
  zoom: (from: number, to: number) => void;
  session: Session;
  marks: Record<string, number>;
}

export interface FrameLog {
  frame: (ms: number, shown: number) => void;
}

function enabled(): boolean {
  try {
    return localStorage.getItem("clew.harness") === "1";
  } catch {
    return false;
  }
}

declare global {
  interface Window {
    __clew?: Harness;
  }
}

/** Offers the view to tests; returns where frames are noted, or null. */
export function harness(view: WaterfallView, session: Session): FrameLog | null {
  if (!enabled()) return null;
  const frames: number[] = [];
  const marks: Record<string, number> = {};
  const { columns } = { columns: () => session.columns };
  window.__clew = {
    frames,
    marks,
    session,
    rects: () => {
      const { rects } = view.scene;
      return Array.from({ length: rects.length }, (_, i) => ({
        style: rects.style[i]!,
        x: rects.x[i]!,
        y: rects.y[i]!,
        w: rects.w[i]!,
        h: rects.h[i]!,
      }));
    },
    lines: () =>
      Array.from(session.visible.row.subarray(0, 1000), (row, i) => ({
        row,
        fold: session.visible.fold[i]!,
        depth: columns().depth[row]!,
        name: columns().nameOf(row),
        service: columns().serviceOf(row),
      })),
    state: () => ({
      topRow: view.scroll.topRow,
      lines: session.visible.length,
      rows: columns().rows,
      complete: session.complete,
      ids: columns().ids,
      window: [session.window.from, session.window.to],
    }),
    scrollTo: (topRow) => view.scroll.to(topRow),
    zoom: (from, to) => session.setWindow({ from, to }),
  };
  return {
    frame: (ms, shown) => {
      frames.push(ms);
      if (shown > 0) marks.rows ??= performance.now();
      if (session.complete) marks.complete ??= performance.now();
    },
  };
}
