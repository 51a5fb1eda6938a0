import { type PointerEvent, useEffect, useId, useRef, useState } from "react";
import { duration } from "../../format";
import { useTheme } from "../../theme/theme";
import { ticks } from "../draw/ruler";
import type { Session } from "./session";
import { text } from "./text";
import { useVersion } from "./useSession";
import { WaterfallView } from "./waterfallView";

interface Props {
  session: Session;
  onView: (view: WaterfallView | null) => void;
}

function startWidth(): number {
  return innerWidth < 720 ? Math.round(innerWidth * 0.5) : Math.min(460, Math.round(innerWidth * 0.3));
}

/** The lines of the trace: names in a recycled tree grid, bars on a canvas beside them. */
export function Waterfall({ session, onView }: Props) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<WaterfallView>(null);
  const [nameWidth, setNameWidth] = useState(startWidth);
  const theme = useTheme();
  const look = useRef({ theme, nameWidth });
  look.current = { theme, nameWidth };
  useVersion(session);
  useEffect(() => {
    const part = <T extends HTMLElement>(name: string): T => box.current!.querySelector<T>(`.${name}`)!;
    const made = new WaterfallView(
      {
        box: box.current!,
        spacer: part("tl-spacer"),
        stage: part("tl-stage"),
        rows: part("tl-rows"),
        bars: part("tl-bars"),
        overlay: part("tl-overlay"),
      },
      session,
      id,
    );
    made.setTheme(look.current.theme);
    made.setNameWidth(look.current.nameWidth);
    view.current = made;
    onView(made);
    return () => {
      made.stop();
      view.current = null;
      onView(null);
    };
  }, [session, id, onView]);
  useEffect(() => view.current?.setTheme(theme), [theme]);
  useEffect(() => view.current?.setNameWidth(nameWidth), [nameWidth]);
  const chosen = session.line();
  const press = (event: PointerEvent<HTMLDivElement>): void => choose(session, view.current, event);
  return (
    <div className="tl" style={{ "--tl-name": `${nameWidth}px` } as React.CSSProperties}>
      <Ruler session={session} nameWidth={nameWidth} onNameWidth={setNameWidth} />
      <div
        ref={box}
        className="tl-box"
        role="treegrid"
        aria-label={text.tree}
        aria-rowcount={session.visible.length + 1}
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        tabIndex={0}
        onPointerUp={press}
        onPointerMove={(event) => view.current?.point(event.clientX, view.current.lineAt(event.clientY))}
        onPointerLeave={() => view.current?.point(null, -1)}
      >
        <div className="tl-spacer" role="presentation">
          <div className="tl-stage" role="presentation">
            <div className="tl-rows" role="rowgroup" />
            <canvas className="tl-overlay" aria-hidden="true" />
            <canvas className="tl-bars" aria-hidden="true" />
          </div>
        </div>
      </div>
    </div>
  );
}

function choose(session: Session, view: WaterfallView | null, event: PointerEvent): void {
  const line = view?.lineAt(event.clientY) ?? -1;
  if (line < 0 || event.button !== 0) return;
  const row = session.visible.row[line]!;
  const fold = session.visible.fold[line]! > 0;
  const twist = (event.target as HTMLElement).closest(".tl-twist");
  if (twist?.textContent) {
    if (fold) session.toggleFold(row);
    else session.toggle([row]);
    return;
  }
  session.select(row, fold);
}

interface RulerProps {
  session: Session;
  nameWidth: number;
  onNameWidth: (px: number) => void;
}

function Ruler({ session, nameWidth, onNameWidth }: RulerProps) {
  const width = session.widthPx;
  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.buttons !== 1) return;
    const left = event.currentTarget.parentElement!.getBoundingClientRect().left;
    onNameWidth(Math.max(120, Math.min(event.clientX - left, innerWidth - 160)));
  };
  return (
    <div className="tl-ruler">
      <span className="tl-ruler-name">{text.columns.name}</span>
      <div
        className="tl-split"
        role="separator"
        aria-orientation="vertical"
        aria-label={text.columns.name}
        aria-valuenow={nameWidth}
        tabIndex={0}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onKeyDown={(event) => {
          const by = event.key === "ArrowLeft" ? -16 : event.key === "ArrowRight" ? 16 : 0;
          if (by === 0) return;
          event.preventDefault();
          onNameWidth(Math.max(120, nameWidth + by));
        }}
      />
      <div className="tl-ticks" aria-hidden="true">
        {ticks(session.window, width)
          .filter((tick) => tick.x < width - 40)
          .map((tick) => (
            <span key={tick.ns} style={{ left: tick.x }}>
              {duration(tick.ns)}
            </span>
          ))}
      </div>
    </div>
  );
}
