import { useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { count } from "../../format";
import { Skeleton, Tabs } from "../../kit";
import { Failure } from "../../shell/PageError";
import { useUrl } from "../../url/search";
import { type FindMode, MODES } from "../model/search";
import { Detail } from "./Detail";
import { FindBar, jumpTo } from "./FindBar";
import { Banners, Header } from "./Header";
import { Minimap } from "./Minimap";
import { Missing } from "./Missing";
import { Services } from "./Services";
import type { Session } from "./session";
import { text } from "./text";
import { useAddress, useLink } from "./useAddress";
import { useTrace, useVersion } from "./useSession";
import { useTraceKeys } from "./useTraceKeys";
import { Waterfall } from "./Waterfall";
import type { WaterfallView } from "./waterfallView";
import "./detail.css";
import "./waterfall.css";
import "./trace.css";

type View = "fall" | "svc";

/** The trace page; reads the id from the route and the rest from the search of the address. */
export function TracePage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const [run, setRun] = useState(0);
  return <Trace key={`${id} ${run}`} id={id} again={() => setRun(run + 1)} />;
}

function useFindState(session: Session) {
  const url = useUrl();
  const [typed, setTyped] = useState(url.f ?? "");
  const [mode, setMode] = useState<FindMode>(MODES.includes(url.fm as FindMode) ? (url.fm as FindMode) : "mark");
  const change = useCallback((next: string, nextMode: FindMode) => {
    setTyped(next);
    setMode(nextMode);
  }, []);
  const jump = useCallback((by: 1 | -1) => session.found && jumpTo(session, session.found.rows, by), [session]);
  return { typed, mode, change, jump };
}

function Trace({ id, again }: { id: string; again: () => void }) {
  const session = useTrace(id);
  const url = useUrl();
  const navigate = useNavigate();
  const view = useRef<WaterfallView>(null);
  const field = useRef<HTMLInputElement>(null);
  const [panel, setPanel] = useState(innerWidth >= 900);
  const find = useFindState(session);
  const shown: View = url.v === "svc" ? "svc" : "fall";
  const setView = (v: View): void =>
    void navigate({ to: ".", search: ((old: object) => ({ ...old, v: v === "fall" ? undefined : v })) as never });
  const onView = useCallback((made: WaterfallView | null) => {
    view.current = made;
  }, []);
  useAddress(id, session, find, () => setPanel(true));
  const copyLink = useLink(id, session, find);
  useTraceKeys({ session, view, field, find, copyLink, setView, togglePanel: () => setPanel(!panel) });
  useSelectionInView(session, view);
  useVersion(session);
  if (session.error && session.columns.rows === 0) return <Failed id={id} error={session.error} again={again} />;
  return (
    <div className="trace">
      <Header id={id} session={session} />
      <Banners session={session} />
      <FindBar
        id={id}
        session={session}
        typed={find.typed}
        mode={find.mode}
        onChange={find.change}
        jump={find.jump}
        field={field}
      />
      <Minimap session={session} />
      <div className={`trace-main${panel ? " with-panel" : ""}`}>
        <div className="trace-view" id="trace-view-panel" role="tabpanel" aria-labelledby={`trace-view-${shown}`}>
          {session.columns.rows === 0 ? (
            <Skeleton rows={16} />
          ) : shown === "svc" ? (
            <Services session={session} pick={(q) => find.change(q, find.mode)} />
          ) : (
            <Waterfall session={session} onView={onView} />
          )}
        </div>
        {panel && (
          <aside className="trace-detail" aria-label={text.detail.label}>
            <Detail id={id} session={session} copyLink={copyLink} close={() => setPanel(false)} />
          </aside>
        )}
      </div>
      <Footer session={session} shown={shown} setView={setView} />
    </div>
  );
}

/** Scrolls to the selection when it has changed. */
function useSelectionInView(session: Session, view: { current: WaterfallView | null }): void {
  const last = useRef(-1);
  useEffect(
    () =>
      session.subscribe(() => {
        if (session.selected === last.current) return;
        last.current = session.selected;
        view.current?.scroll.reveal(session.line());
      }),
    [session, view],
  );
}

function Footer({ session, shown, setView }: { session: Session; shown: View; setView: (view: View) => void }) {
  const { columns, complete, visible, summary } = session;
  const loading = !complete && columns.rows > 0;
  return (
    <footer className="trace-foot">
      <Tabs
        id="trace-view"
        label={text.views.label}
        value={shown}
        choices={[
          { value: "fall", label: text.views.fall },
          { value: "svc", label: text.views.svc },
        ]}
        onChange={setView}
      />
      <span className="muted" role="status">
        {loading
          ? text.loading(count(columns.rows), count(columns.total))
          : text.footer(count(visible.length), count(summary?.data.spans ?? columns.rows))}
      </span>
    </footer>
  );
}

function Failed({ id, error, again }: { id: string; error: Error; again: () => void }) {
  if (error instanceof ApiError && error.status === 404) return <Missing id={id} again={again} />;
  return <Failure error={error} retry={again} />;
}
