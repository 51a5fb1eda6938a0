import { type PointerEvent, useEffect, useRef, useState } from "react";
import { duration, parseDuration } from "../../format";
import { Button } from "../../kit";
import { useTheme } from "../../theme/theme";
import { density, minimapRects } from "../draw/minimap";
import { Scene } from "../draw/rects";
import { CanvasRenderer } from "../draw/renderer";
import { isWhole, type Span } from "../model/zoom";
import type { Session } from "./session";
import { text } from "./text";
import { useVersion } from "./useSession";

const HEIGHT = 40;

/** When the trace is busy, where its errors are, and which part of it is on screen. */
export function Minimap({ session }: { session: Session }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(600);
  const theme = useTheme();
  useVersion(session);
  const { columns, found, whole, window } = session;
  const { rows } = columns;
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(20, Math.round(entry!.contentRect.width))));
    observer.observe(canvas.current!.parentElement!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (rows === 0) return;
    const scene = new Scene();
    minimapRects(density(columns, whole, width, found?.mask ?? null), HEIGHT, scene.rects);
    const renderer = new CanvasRenderer(canvas.current!);
    renderer.theme(theme);
    renderer.resize(width, HEIGHT, devicePixelRatio || 1);
    renderer.draw(scene);
  }, [columns, rows, found, whole, width, theme]);
  const share = (ns: number): number => (ns - whole.from) / (whole.to - whole.from);
  const brush = { left: `${share(window.from) * 100}%`, right: `${(1 - share(window.to)) * 100}%` };
  return (
    <div className="minimap">
      <div className="minimap-box" title={text.minimap} {...useBrush(session)}>
        <canvas ref={canvas} style={{ width: "100%", height: HEIGHT }} aria-hidden="true" />
        {!isWhole(whole, window) && <div className="minimap-window" style={brush} />}
      </div>
      <TimeFields session={session} window={window} />
    </div>
  );
}

function useBrush(session: Session) {
  const from = useRef<number | null>(null);
  const at = (event: PointerEvent<HTMLElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    return session.whole.from + share * (session.whole.to - session.whole.from);
  };
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      from.current = at(event);
      session.dragging = true;
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (from.current === null) return;
      const to = at(event);
      const span = { from: Math.min(from.current, to), to: Math.max(from.current, to) };
      if (span.to - span.from > (session.whole.to - session.whole.from) * 0.004) session.setWindow(span);
    },
    onPointerUp: () => {
      from.current = null;
      session.dragging = false;
      session.changed("view");
    },
  };
}

/** The same window as numbers, for those who do not drag. */
function TimeFields({ session, window }: { session: Session; window: Span }) {
  const commit = (which: "from" | "to", typed: string): void => {
    const ns = parseDuration(typed);
    if (ns === null) return;
    const next = { ...session.window, [which]: ns };
    if (next.to > next.from) session.setWindow(next);
  };
  return (
    <div className="minimap-fields">
      {(["from", "to"] as const).map((which) => (
        <label key={which}>
          <span className="sr">{text[which]}</span>
          <input
            key={window[which]}
            className="input"
            defaultValue={duration(Math.max(0, window[which])).replaceAll(" ", "")}
            onBlur={(event) => event.target.value !== event.target.defaultValue && commit(which, event.target.value)}
            onKeyDown={(event) => event.key === "Enter" && commit(which, event.currentTarget.value)}
          />
        </label>
      ))}
      <Button kind="quiet" disabled={isWhole(session.whole, window)} onClick={() => session.setWindow(session.whole)}>
        {text.reset}
      </Button>
    </div>
  );
}
