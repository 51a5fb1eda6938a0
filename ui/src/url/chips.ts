/** The search form and the chips are two views of the same filters; nothing is held twice. */
import { exactDuration, parseDuration } from "../format";
import { KINDS, parseBare, printValue, STATUSES, TooLargeError, type Value } from "./literals";
import { type Filter, type Op, parseQuery, printField, printFilter } from "./traceql";

/** The fixed fields of the form; the first filter of each shape belongs to its slot, all others are rows. */
export type Slot = "service" | "operation" | "kind" | "status" | "min" | "max";
export const SLOTS: readonly Slot[] = ["service", "operation", "kind", "status", "min", "max"];

const SHAPES: Record<Slot, Pick<Filter, "scope" | "key" | "op">> = {
  service: { scope: "resource", key: "service.name", op: "=" },
  operation: { scope: "intrinsic", key: "name", op: "=" },
  kind: { scope: "intrinsic", key: "kind", op: "=" },
  status: { scope: "intrinsic", key: "status", op: "=" },
  min: { scope: "intrinsic", key: "duration", op: ">=" },
  max: { scope: "intrinsic", key: "duration", op: "<=" },
};

function fits(filter: Filter, slot: Slot): boolean {
  const shape = SHAPES[slot];
  const typed = slot === "service" ? filter.value.type === "string" : true;
  return typed && filter.scope === shape.scope && filter.key === shape.key && filter.op === shape.op;
}

function indexOf(filters: readonly Filter[], slot: Slot): number {
  return filters.findIndex((filter) => fits(filter, slot));
}

/** Returns the indexes of the filters that no slot of the form shows. */
export function rowIndexes(filters: readonly Filter[]): number[] {
  const taken = new Set(SLOTS.map((slot) => indexOf(filters, slot)));
  return filters.map((_, at) => at).filter((at) => !taken.has(at));
}

export function readSlot(filters: readonly Filter[], slot: Slot): string {
  const filter = filters[indexOf(filters, slot)];
  if (!filter) return "";
  return filter.value.type === "duration" ? exactDuration(Number(filter.value.value)) : String(filter.value.value);
}

function slotValue(slot: Slot, text: string): Value | null {
  if (slot === "service" || slot === "operation") return { type: "string", value: text };
  if (slot === "kind") return (KINDS as readonly string[]).includes(text) ? { type: "kind", value: text } : null;
  if (slot === "status") return (STATUSES as readonly string[]).includes(text) ? { type: "status", value: text } : null;
  const ns = parseDuration(text);
  return ns === null ? null : { type: "duration", value: String(ns) };
}

/** Returns the filters with the slot set, in its old place if it had one; null when the text is no value for it. */
export function writeSlot(filters: readonly Filter[], slot: Slot, text: string): Filter[] | null {
  const at = indexOf(filters, slot);
  if (text.trim() === "") return filters.filter((_, index) => index !== at);
  const value = slotValue(slot, text);
  if (!value) return null;
  const filter: Filter = { ...SHAPES[slot], value };
  return at < 0 ? [...filters, filter] : filters.with(at, filter);
}

/** Reads a field as people write it; names without a scope are attributes of anything. */
export function parseField(text: string): Pick<Filter, "scope" | "key"> | null {
  const clean = text.trim();
  if (!clean) return null;
  for (const candidate of [
    `{ ${clean} = "" }`,
    `{ ${clean} = 0 }`,
    `{ ${clean} = ok }`,
    `{ ${clean} = server }`,
    `{ .${clean} = "" }`,
  ])
    try {
      const [filter, ...more] = parseQuery(candidate);
      if (filter && more.length === 0) return { scope: filter.scope, key: filter.key };
    } catch {
      // The next way of reading it may fit.
    }
  return null;
}

const STRINGS = new Set(["name", "statusMessage", "rootServiceName", "rootName", "event:name"]);

/** Returns the value that a typed text means for the field: quotes force a string, known types decide, else its look. */
export function guessValue(
  field: Pick<Filter, "scope" | "key">,
  op: Op,
  text: string,
  types?: readonly string[],
): Value {
  const clean = text.trim();
  const string: Value = { type: "string", value: text };
  if (op === "=~" || op === "!~" || (field.scope === "intrinsic" && STRINGS.has(field.key))) return string;
  if (/^".*"$/s.test(clean)) return { type: "string", value: clean.slice(1, -1) };
  let bare: Value | null = null;
  try {
    bare = parseBare(clean);
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error;
  }
  if (!bare) return string;
  if (field.scope === "intrinsic" || bare.type === "nil") return bare;
  if (bare.type === "status" || bare.type === "kind") return string;
  return types?.length === 1 && types[0] === "string" ? string : bare;
}

/** What a chip says: the short name of the field, the operator, the value without needless quotes. */
export function chipText(filter: Filter): string {
  const slot = SLOTS.find((one) => fits(filter, one));
  const field = slot === "service" ? "service" : printField(filter);
  const plain = filter.value.type === "string" && /^[\w./:@ -]+$/.test(filter.value.value);
  return `${field} ${filter.op} ${plain ? filter.value.value : printValue(filter.value)}`;
}

export { printFilter };
