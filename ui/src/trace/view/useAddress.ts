import { useNavigate, useParams, useRouter } from "@tanstack/react-router";
import { useCallback, useEffect, useRef } from "react";
import { en } from "../../i18n/en";
import { copy } from "../../kit";
import { patchSearch, type Search, useUrl } from "../../url/search";
import { type FindMode, MODES } from "../model/search";
import { parseToggles, printToggles } from "../model/visible";
import { isWhole, parseZoom, printZoom } from "../model/zoom";
import type { Session } from "./session";

const SETTLE_MS = 250;

export interface Finding {
  typed: string;
  mode: FindMode;
  change: (typed: string, mode: FindMode) => void;
}

type Decision = { [key in "z" | "f" | "fm"]?: string | undefined };

/** Typing on is one decision; anything else that changes zoom or filter is a new one that Back undoes. */
function decided(before: Decision, after: Decision): boolean {
  if ((before.z ?? "") !== (after.z ?? "") || (before.fm ?? "") !== (after.fm ?? "")) return true;
  const [old = "", now = ""] = [before.f, after.f];
  if (old === now) return false;
  return !old || !now || !(now.startsWith(old) || old.startsWith(now));
}

/** Keeps the address and the session alike: what the address says is done once, then each follows the other. */
export function useAddress(id: string, session: Session, find: Finding, onSpan: () => void): void {
  const { typed, mode } = find;
  const url = useUrl();
  const { span } = useParams({ strict: false }) as { span?: string };
  const navigate = useNavigate();
  const first = useRef({ url, span: span ?? url.span, onSpan });
  const now = useRef({ url, settled: false });
  const written = useRef([keyOf(url, span)]);
  now.current.url = url;
  useEffect(() => arrive(session, first.current), [session]);
  useLed(session, find, url, span, written);
  useEffect(() => {
    let timer = 0;
    const write = (): void => {
      timer = 0;
      if (!session.complete || (first.current.span && session.columns.ids < session.columns.rows)) return;
      const patch = patchOf(session, typed, mode);
      const { url: before, settled } = now.current;
      now.current.settled = true;
      const key = keyOf(patch, spanOf(session));
      if (key !== written.current.at(-1)) written.current.push(key);
      void navigate({
        ...placeOf(id, session, patch),
        replace: !settled || !decided(before, patch),
      });
    };
    const later = (): void => {
      clearTimeout(timer);
      if (!session.dragging) timer = window.setTimeout(write, SETTLE_MS);
    };
    /** Who presses on may leave the page: what was chosen until now belongs to it. */
    const flush = (): void => {
      if (timer === 0) return;
      clearTimeout(timer);
      write();
    };
    later();
    const off = session.subscribe(later);
    addEventListener("pointerdown", flush, true);
    return () => {
      clearTimeout(timer);
      off();
      removeEventListener("pointerdown", flush, true);
    };
  }, [id, session, typed, mode, navigate]);
}

function patchOf(session: Session, typed: string, mode: FindMode) {
  return {
    span: undefined,
    f: typed || undefined,
    fm: typed && mode !== "mark" ? mode : undefined,
    x: printToggles(session.toggles) || undefined,
    z: isWhole(session.whole, session.window) ? undefined : printZoom(session.window),
  };
}

function spanOf(session: Session): string | undefined {
  return session.selected < 0 ? undefined : (session.columns.idOf(session.selected) ?? undefined);
}

/** Where the router finds this view. */
function placeOf(id: string, session: Session, patch: ReturnType<typeof patchOf>) {
  const span = spanOf(session);
  return {
    to: span ? "/trace/$id/at/$span" : "/trace/$id",
    params: { id, span } as never,
    search: ((old: Search) => patchSearch(old, patch)) as never,
  } as const;
}

/** What of an address this page writes, as one text. */
function keyOf(search: Decision & { x?: string | undefined }, span: string | undefined): string {
  return [search.z, search.f, search.fm, search.x, span].map((part) => part ?? "").join("\n");
}

/**
 * An address that this page has not written (Back, Forward, a link) leads, and the page does what it says. `written` holds
 * the address seen last and those that were written after it: the router brings them one by one, late on a busy machine,
 * and an older one that arrives after a newer one was written must not lead.
 */
function useLed(
  session: Session,
  find: Finding,
  url: Search,
  span: string | undefined,
  written: { current: string[] },
): void {
  const { change } = find;
  const router = useRouter();
  const changed = keyOf(url, span);
  // biome-ignore lint/correctness/useExhaustiveDependencies: search and params may change one after the other; what counts is where the router is
  useEffect(() => {
    if (!session.complete) return;
    const { pathname, search } = router.latestLocation;
    const [to, id] = [search as Search, /\/at\/([^/]+)/.exec(pathname)?.[1]];
    const key = keyOf(to, id);
    const ours = written.current.indexOf(key);
    written.current = ours < 0 ? [key] : written.current.slice(ours);
    if (ours >= 0) return;
    change(to.f ?? "", MODES.includes(to.fm as FindMode) ? (to.fm as FindMode) : "mark");
    session.setToggles(parseToggles(to.x));
    session.setWindow(parseZoom(to.z) ?? session.whole);
    const row = id ? session.columns.rowOf(id) : -1;
    if (row !== session.selected) session.select(row);
  }, [session, change, changed, router, written]);
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

/** Copies the address of what is on screen, also when the address bar has not followed yet. */
export function useLink(id: string, session: Session, { typed, mode }: Finding): () => void {
  const router = useRouter();
  return useCallback(() => {
    const { href } = router.buildLocation(placeOf(id, session, patchOf(session, typed, mode)) as never);
    void copy(new URL(href, location.origin).href, en.linkCopied);
  }, [router, id, session, typed, mode]);
}
