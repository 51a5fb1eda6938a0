import { useLocation, useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useEffect, useRef } from "react";
import { en } from "../../i18n/en";
import { copy } from "../../kit";
import { patchSearch, type Search, useUrl } from "../../url/search";
import type { FindMode } from "../model/search";
import { parseToggles, printToggles } from "../model/visible";
import { isWhole, parseZoom, printZoom } from "../model/zoom";
import type { Session } from "./session";

const SETTLE_MS = 250;

/** Keeps the address and the session alike: what the address says is done once, then the address follows. */
export function useAddress(id: string, session: Session, typed: string, mode: FindMode, onSpan: () => void): void {
  const url = useUrl();
  const { span } = useParams({ strict: false }) as { span?: string };
  const navigate = useNavigate();
  const first = useRef({ url, span: span ?? url.span, onSpan });
  useEffect(() => arrive(session, first.current), [session]);
  useEffect(() => {
    let timer = 0;
    const write = (): void => {
      if (!session.complete || (first.current.span && session.columns.ids < session.columns.rows)) return;
      const at = session.columns.idOf(session.selected) ?? undefined;
      const patch = {
        span: undefined,
        f: typed || undefined,
        fm: typed && mode !== "mark" ? mode : undefined,
        x: printToggles(session.toggles) || undefined,
        z: isWhole(session.whole, session.window) ? undefined : printZoom(session.window),
      };
      void navigate({
        to: session.selected >= 0 && at ? "/trace/$id/at/$span" : "/trace/$id",
        params: { id, span: at } as never,
        search: ((before: Search) => patchSearch(before, patch)) as never,
        replace: true,
      });
    };
    const later = (): void => {
      clearTimeout(timer);
      timer = window.setTimeout(write, SETTLE_MS);
    };
    later();
    const off = session.subscribe(later);
    return () => {
      clearTimeout(timer);
      off();
    };
  }, [id, session, typed, mode, navigate]);
}

interface Arrived {
  url: Search;
  span: string | undefined;
  onSpan: () => void;
}

/** Applies folds and zoom when all rows are there, and the selection when the ids are. */
function arrive(session: Session, { url, span, onSpan }: Arrived): () => void {
  let laidOut = false;
  const wanted = (): string | undefined => span ?? session.summary?.data.suggested_span ?? undefined;
  const step = (): void => {
    if (session.complete && !laidOut) {
      laidOut = true;
      if (url.x) session.setToggles(parseToggles(url.x));
      const zoom = parseZoom(url.z);
      if (zoom) session.setWindow(zoom);
    }
    if (!laidOut || session.columns.ids < session.columns.rows) return;
    off();
    if (session.selected >= 0) return;
    const row = session.columns.rowOf(wanted() ?? "");
    if (row >= 0) session.reveal(row);
    if (row >= 0 && span) onSpan();
  };
  const off = session.subscribe(step);
  step();
  return off;
}

/** Copies the address of what is on screen. */
export function useLink(): () => void {
  const { href } = useLocation();
  return useCallback(() => {
    void copy(location.href || href, en.linkCopied);
  }, [href]);
}
