import { duration } from "../../format";
import { badgeOf, serviceColor, type ThemeName } from "../../theme/tokens";
import { FLAG } from "../model/columns";
import { foldFacts } from "../model/cover";
import type { Session } from "./session";
import { text } from "./text";

const SHAPES = ["○", "○", "●", "▲", "▭", "▭"];
const INDENT = 12;
const MAX_INDENT = 180;

interface Slot {
  element: HTMLElement;
  name: HTMLElement;
  twist: HTMLElement;
  badge: HTMLElement;
  shape: HTMLElement;
  service: HTMLElement;
  span: HTMLElement;
  sign: HTMLElement;
  time: HTMLElement;
  line: number;
  key: string;
}

function part(parent: HTMLElement, className: string, role?: string): HTMLElement {
  const element = document.createElement("span");
  element.className = className;
  if (role) element.setAttribute("role", role);
  parent.append(element);
  return element;
}

function makeSlot(layer: HTMLElement): Slot {
  const element = document.createElement("div");
  element.className = "tl-row";
  element.setAttribute("role", "row");
  element.style.display = "none";
  layer.append(element);
  const name = part(element, "tl-name", "gridcell");
  const twist = part(name, "tl-twist");
  twist.setAttribute("aria-hidden", "true");
  const badge = part(name, "tl-badge");
  const shape = part(name, "tl-shape");
  shape.setAttribute("aria-hidden", "true");
  const service = part(name, "tl-service");
  const span = part(name, "tl-span");
  const sign = part(name, "tl-sign");
  const time = part(element, "tl-time sr", "gridcell");
  return { element, name, twist, badge, shape, service, span, sign, time, line: -1, key: "" };
}

/** The text of the lines on screen: a fixed set of elements that take new content as lines come in. */
export class RowLayer {
  readonly #slots: Slot[] = [];
  #anchor = 0;

  constructor(
    private readonly layer: HTMLElement,
    private readonly session: Session,
    private readonly id: string,
  ) {}

  /** Shows the lines from topRow on; touches only what has changed. */
  update(topRow: number, lines: number, rowHeight: number, theme: ThemeName): number {
    const first = Math.max(0, Math.floor(topRow));
    const last = Math.min(this.session.visible.length, Math.ceil(topRow + lines));
    const size = Math.ceil(lines) + 2;
    while (this.#slots.length < size) this.#slots.push(makeSlot(this.layer));
    if (Math.abs(first - this.#anchor) > 2000) this.#anchor = first;
    this.layer.style.transform = `translateY(${(this.#anchor - topRow) * rowHeight}px)`;
    for (const slot of this.#slots)
      if (slot.line < first || slot.line >= last) {
        if (slot.line !== -1) slot.element.style.display = "none";
        slot.line = -1;
      }
    for (let line = first; line < last; line++) {
      const slot = this.#slots[line % this.#slots.length]!;
      this.#fill(slot, line, rowHeight, theme);
    }
    return last - first;
  }

  #fill(slot: Slot, line: number, rowHeight: number, theme: ThemeName): void {
    const { session } = this;
    const row = session.visible.row[line]!;
    const fold = session.visible.fold[line]!;
    const selected = row === session.selected && fold > 0 === session.onFold;
    const match = session.found ? session.found.mask[row]! : 2;
    const state = `${session.closed[row]}${session.toggles.folds.has(row)}${selected}${match}${session.mode}`;
    const key = `${line} ${row} ${fold} ${this.#anchor} ${rowHeight} ${theme} ${state} ${session.derived.subtree[row]}`;
    if (slot.line === line && slot.key === key) return;
    const { element } = slot;
    if (slot.line === -1) element.style.display = "";
    slot.line = line;
    slot.key = key;
    element.id = `${this.id}-${line}`;
    element.dataset.line = String(line);
    element.style.transform = `translateY(${(line - this.#anchor) * rowHeight}px)`;
    element.setAttribute("aria-rowindex", String(line + 2));
    element.setAttribute("aria-level", String(session.columns.depth[row]! + 1));
    element.setAttribute("aria-selected", String(selected));
    const shown = session.found && session.mode === "dim" && match === 0 ? " faint" : "";
    element.className = `tl-row${selected ? " on" : ""}${match === 1 ? " hit" : ""}${shown}${session.columns.has(row, FLAG.orphan) ? " orphan" : ""}`;
    this.#text(slot, row, fold, theme);
  }

  #text(slot: Slot, row: number, fold: number, theme: ThemeName): void {
    const { session } = this;
    const { columns, derived } = session;
    const service = columns.serviceOf(row);
    const placeholder = columns.has(row, FLAG.placeholder);
    slot.name.style.paddingLeft = `${4 + Math.min(columns.depth[row]! * INDENT, MAX_INDENT)}px`;
    const children = fold > 0 || derived.subtree[row]! > 1;
    const open = fold > 0 ? session.toggles.folds.has(row) : session.closed[row] === 0;
    slot.twist.textContent = children ? (open ? "▾" : "▸") : "";
    if (children && session.mode !== "only") slot.element.setAttribute("aria-expanded", String(open));
    else slot.element.removeAttribute("aria-expanded");
    const { color, texture } = serviceColor(session.slots[columns.service[row]!] ?? 0, theme);
    slot.badge.textContent = placeholder ? "⚠" : badgeOf(service);
    slot.badge.className = `tl-badge ${placeholder ? "ghost" : texture}`;
    slot.badge.style.setProperty("--c", color);
    slot.badge.title = service;
    slot.shape.textContent = placeholder ? "" : (SHAPES[columns.kindOf(row)] ?? "○");
    slot.service.textContent = placeholder ? "" : service;
    slot.span.textContent = placeholder ? text.placeholder : columns.nameOf(row);
    slot.name.title = placeholder ? text.detail.placeholder : `${service} · ${columns.nameOf(row)}`;
    this.#sign(slot, row, fold);
  }

  #sign(slot: Slot, row: number, fold: number): void {
    const { columns, derived } = this.session;
    const facts = fold > 0 ? foldFacts(columns, derived, row, fold) : null;
    const errors = facts ? facts.errors : Number(columns.statusOf(row) === 2);
    const signs = [];
    if (facts) signs.push(`×${fold}`);
    if (columns.has(row, FLAG.events) && !facts) signs.push("◆");
    if (columns.has(row, FLAG.links) && !facts) signs.push("⇄");
    if (columns.has(row, FLAG.logs) && !facts) signs.push("▪");
    if (!facts && columns.has(row, FLAG.origin)) signs.push("◉");
    else if (errors > 0) signs.push(facts && errors > 1 ? `✕${errors}` : "✕");
    slot.sign.textContent = signs.join(" ");
    slot.sign.className = `tl-sign${errors > 0 ? " bad" : ""}`;
    slot.time.textContent = facts
      ? `${text.folded(fold)}, ${text.foldSum(duration(facts.sum), duration(facts.max))}${errors ? `, ${text.errors(errors, String(errors))}` : ""}`
      : `${duration(Math.max(0, columns.dur[row]!))}${errors ? `, ${text.error}` : ""}`;
  }
}
