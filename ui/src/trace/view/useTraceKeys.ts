import type { RefObject } from "react";
import type { Command } from "../../keys/registry";
import { useCommands } from "../../keys/useCommands";
import type { FindMode } from "../model/search";
import { nextOf } from "../model/search";
import { panBy, windowAbout, zoomAt } from "../model/zoom";
import type { Session } from "./session";
import { text } from "./text";
import type { WaterfallView } from "./waterfallView";

const t = text.keys;

interface Scope {
  session: Session;
  view: RefObject<WaterfallView | null>;
  field: RefObject<HTMLInputElement | null>;
  find: {
    typed: string;
    mode: FindMode;
    change: (typed: string, mode: FindMode) => void;
    jump: (by: 1 | -1) => unknown;
  };
  copyLink: () => void;
  setView: (view: "fall" | "svc") => void;
  togglePanel: () => void;
}

type Binding = [id: string, keys: string[], title: string, run: () => void];

/** The keys of the trace page; rows, time, jumps and toggles. */
export function useTraceKeys(scope: Scope): void {
  const bindings = [...rowKeys(scope), ...timeKeys(scope), ...jumpKeys(scope), ...pageKeys(scope)];
  const commands: Command[] = bindings.map(([id, keys, title, run]) => ({
    id: `trace.${id}`,
    keys,
    title,
    group: t.group,
    run,
    hidden: true,
    enabled: () => !keys.some((key) => /^(Arrow|Home|End|Page|Enter)/.test(key)) || inRows(),
  }));
  useCommands(commands);
}

/** Arrow keys belong to the rows unless the focus is in something that has its own use for them. */
function inRows(): boolean {
  const focus = document.activeElement;
  return !focus || focus === document.body || focus.closest(".tl-box, #content") === focus || focus.matches(".tl-box");
}

function step(session: Session, by: number): void {
  const { visible } = session;
  if (visible.length === 0) return;
  const now = session.line();
  const line = now < 0 ? 0 : Math.max(0, Math.min(visible.length - 1, now + by));
  session.select(visible.row[line]!, visible.fold[line]! > 0);
}

function right(session: Session): void {
  const { selected: row, derived } = session;
  if (row < 0) return;
  if (session.onFold) {
    if (!session.toggles.folds.has(row)) session.toggleFold(row);
    else step(session, 1);
  } else if (session.closed[row] && derived.subtree[row]! > 1) session.toggle([row], false);
  else if (derived.subtree[row]! > 1) step(session, 1);
}

function left(session: Session): void {
  const { selected: row, derived } = session;
  if (row < 0) return;
  if (session.onFold && session.toggles.folds.has(row)) session.toggleFold(row);
  else if (!session.onFold && !session.closed[row] && derived.subtree[row]! > 1) session.toggle([row], true);
  else if (derived.parent[row]! >= 0) session.select(derived.parent[row]!);
}

function sibling(session: Session, by: 1 | -1): void {
  const { derived, selected } = session;
  if (selected < 0 || derived.parent[selected]! < 0) return;
  const all = [...derived.children(derived.parent[selected]!)];
  const next = all[all.indexOf(selected) + by];
  if (next !== undefined) session.reveal(next);
}

function subtreeRows(session: Session): number[] {
  const from = Math.max(0, session.selected);
  return Array.from({ length: session.derived.subtree[from] ?? 0 }, (_, i) => from + i);
}

/** Opens or closes the deepest open level. */
function level(session: Session, close: boolean): void {
  const { closed, columns, derived } = session;
  const rows: number[] = [];
  let at = close ? -1 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < derived.rows; i++) {
    if (derived.subtree[i]! < 2 || (closed[i] === 1) === close) continue;
    const depth = columns.depth[i]!;
    if (close ? depth > at : depth < at) {
      at = depth;
      rows.length = 0;
    }
    if (depth === at) rows.push(i);
  }
  if (rows.length > 0) session.toggle(rows, close);
}

function rowKeys({ session, view }: Scope): Binding[] {
  const page = (): number => Math.max(1, Math.floor(view.current?.scroll.page ?? 20) - 2);
  const enter = (): void => {
    if (session.onFold) session.toggleFold(session.selected);
    else if (session.selected >= 0) session.toggle([session.selected]);
  };
  return [
    ["down", ["ArrowDown", "j"], t.down, () => step(session, 1)],
    ["up", ["ArrowUp", "k"], t.up, () => step(session, -1)],
    ["right", ["ArrowRight"], t.right, () => right(session)],
    ["left", ["ArrowLeft"], t.left, () => left(session)],
    ["enter", ["Enter"], t.enter, enter],
    ["siblingDown", ["Shift+ArrowDown"], t.siblingDown, () => sibling(session, 1)],
    ["siblingUp", ["Shift+ArrowUp"], t.siblingUp, () => sibling(session, -1)],
    ["home", ["Home"], t.home, () => step(session, -session.visible.length)],
    ["end", ["End"], t.end, () => step(session, session.visible.length)],
    ["pageDown", ["PageDown"], t.pageDown, () => step(session, page())],
    ["pageUp", ["PageUp"], t.pageUp, () => step(session, -page())],
    ["expand", ["*"], t.expand, () => session.toggle(subtreeRows(session), false)],
    ["deeper", ["Mod+ArrowDown"], t.deeper, () => level(session, false)],
    ["shallower", ["Mod+ArrowUp"], t.shallower, () => level(session, true)],
  ];
}

function timeKeys({ session }: Scope): Binding[] {
  const zoom = (factor: number): void => {
    const { whole, window, widthPx } = session;
    session.setWindow(zoomAt(whole, window, (window.from + window.to) / 2, factor, widthPx));
  };
  const pan = (share: number): void => session.setWindow(panBy(session.whole, session.window, share));
  const fitSpan = (): void => {
    const { columns, selected, whole, widthPx } = session;
    if (selected < 0) return;
    const start = columns.start[selected]!;
    session.setWindow(windowAbout(whole, start, start + Math.max(0, columns.dur[selected]!), widthPx));
  };
  return [
    ["zoomIn", ["w"], t.zoomIn, () => zoom(0.66)],
    ["zoomOut", ["s"], t.zoomOut, () => zoom(1.5)],
    ["panLeft", ["a"], t.panLeft, () => pan(-0.2)],
    ["panRight", ["d"], t.panRight, () => pan(0.2)],
    ["fit", ["f"], t.fit, fitSpan],
    ["reset", ["0"], t.reset, () => session.setWindow(session.whole)],
  ];
}

function slowest(session: Session): void {
  const { columns, derived, selected } = session;
  let best = -1;
  for (const child of selected >= 0 ? derived.children(selected) : [])
    if (best < 0 || columns.dur[child]! > columns.dur[best]!) best = child;
  if (best >= 0) session.reveal(best);
}

function jumpKeys({ session, find }: Scope): Binding[] {
  const to = (rows: readonly number[], by: 1 | -1): void => session.reveal(nextOf(rows, session.selected, by));
  return [
    ["next", ["n"], t.next, () => find.jump(1)],
    ["previous", ["N"], t.previous, () => find.jump(-1)],
    ["nextError", ["e"], t.nextError, () => to(session.errorRows(), 1)],
    ["previousError", ["E"], t.previousError, () => to(session.errorRows(), -1)],
    ["origin", ["o"], t.origin, () => to(session.origins(), 1)],
    ["slowest", [">"], t.slowest, () => slowest(session)],
  ];
}

function pageKeys({ find, field, copyLink, setView, togglePanel }: Scope): Binding[] {
  return [
    ["find", ["Mod+F"], t.find, () => field.current?.select()],
    ["only", ["h"], t.only, () => find.change(find.typed, find.mode === "only" ? "mark" : "only")],
    ["panel", ["i"], t.panel, togglePanel],
    ["link", ["y"], t.link, copyLink],
    ["view1", ["1"], text.views.fall, () => setView("fall")],
    ["view2", ["2"], text.views.svc, () => setView("svc")],
  ];
}
