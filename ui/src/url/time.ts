/** The time range of the address: `now-1h`, ISO or epoch text on each side. Pure; the clock is an argument. */
export interface Range {
  from: string;
  to: string;
}

export interface Span {
  fromMs: number;
  toMs: number;
}

export const DEFAULT_RANGE: Range = { from: "now-1h", to: "now" };
export const PRESETS = ["5m", "15m", "1h", "3h", "6h", "12h", "24h", "3d", "7d", "30d"] as const;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, min: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
const RELATIVE = /^now(?:\s*([-+])\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d|w))?$/i;
const LAST =
  /^(?:last|past|-)?\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d|w)(?:in(?:ute)?s?|ours?|ays?|eeks?|ec(?:ond)?s?)?(?:\s+ago)?$/i;
const EPOCH = /^\d{9,19}(?:\.\d+)?$/;
const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s?(?:Z|[+-]\d\d:?\d\d)?)?$/i;
const CLOCK = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?$/;
const APACHE = /^(\d{1,2})\/([A-Za-z]{3})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\s([+-]\d{4}))?$/;
const SYSLOG = /^([A-Za-z]{3})\s+(\d{1,2})\s(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Milliseconds from digits that are seconds, milliseconds, microseconds or nanoseconds. */
function fromEpoch(text: string): number {
  const [whole, fraction] = text.split(".") as [string, string?];
  if (whole.length <= 11) return Math.round(Number(fraction === undefined ? whole : `${whole}.${fraction}`) * 1000);
  if (whole.length <= 14) return Number(whole);
  return whole.length <= 16 ? Math.floor(Number(whole) / 1000) : Number(BigInt(whole) / 1_000_000n);
}

function fromIso(text: string): number {
  const clean = text
    .trim()
    .replace(",", ".")
    .replace(/\s(?=Z|[+-]\d\d:?\d\d$)/i, "");
  const withT = clean
    .replace(" ", "T")
    .replace(/([+-]\d\d)(\d\d)$/, "$1:$2")
    .replace(/(\.\d{3})\d+/, "$1");
  return Date.parse(withT.length === 10 ? `${withT}T00:00:00` : withT);
}

function fraction(text: string | undefined): number {
  return text ? Math.floor(Number(`0.${text}`) * 1000) : 0;
}

function fromClock(match: RegExpExecArray, nowMs: number): number {
  const day = new Date(nowMs);
  day.setHours(Number(match[1]), Number(match[2]), Number(match[3] ?? 0), fraction(match[4]));
  return day.getTime();
}

function fromApache(match: RegExpExecArray): number {
  const month = String(MONTHS.indexOf(match[2]!.toLowerCase()) + 1).padStart(2, "0");
  const day = `${match[3]}-${month}-${match[1]!.padStart(2, "0")}`;
  return fromIso(`${day}T${match[4]}:${match[5]}:${match[6]}${match[7] ?? ""}`);
}

function fromSyslog(match: RegExpExecArray, nowMs: number): number {
  const month = MONTHS.indexOf(match[1]!.toLowerCase());
  if (month < 0) return Number.NaN;
  const at = (year: number): number =>
    new Date(year, month, Number(match[2]), +match[3]!, +match[4]!, +match[5]!, fraction(match[6])).getTime();
  const year = new Date(nowMs).getFullYear();
  return at(year) > nowMs + 864e5 ? at(year - 1) : at(year);
}

/** Returns the moment a text means in milliseconds, or null. */
export function parsePoint(text: string, nowMs: number): number | null {
  const clean = text.trim();
  const relative = RELATIVE.exec(clean);
  if (relative) {
    const shift = relative[2] ? Number(relative[2]) * UNIT_MS[relative[3]!.toLowerCase()]! : 0;
    return nowMs + (relative[1] === "-" ? -shift : shift);
  }
  const clock = CLOCK.exec(clean);
  const apache = APACHE.exec(clean);
  const syslog = SYSLOG.exec(clean);
  let ms = Number.NaN;
  if (EPOCH.test(clean)) ms = fromEpoch(clean);
  else if (ISO.test(clean)) ms = fromIso(clean);
  else if (clock) ms = fromClock(clock, nowMs);
  else if (apache) ms = fromApache(apache);
  else if (syslog) ms = fromSyslog(syslog, nowMs);
  return Number.isFinite(ms) ? ms : null;
}

/** Returns the two moments of a range; texts that mean nothing fall back to the last hour. */
export function resolve(range: Range, nowMs: number): Span {
  const toMs = parsePoint(range.to, nowMs) ?? nowMs;
  const fromMs = parsePoint(range.from, nowMs) ?? toMs - UNIT_MS.h!;
  return fromMs < toMs ? { fromMs, toMs } : { fromMs: toMs - UNIT_MS.h!, toMs };
}

export const absolute = ({ fromMs, toMs }: Span): Range => ({
  from: String(Math.floor(fromMs)),
  to: String(Math.ceil(toMs)),
});

/** True for ranges that move with the clock. */
export function isLive(range: Range): boolean {
  return range.to.startsWith("now");
}

/** The preset a range is, such as `1h`, or null. */
export function presetOf(range: Range): string | null {
  return range.to === "now" && range.from.startsWith("now-") ? range.from.slice(4) : null;
}

/** Moves by one length; never beyond now, where it becomes live again. */
export function step(range: Range, direction: -1 | 1, nowMs: number): Range {
  const { fromMs, toMs } = resolve(range, nowMs);
  const length = toMs - fromMs;
  if (direction > 0 && toMs + length >= nowMs) return lastOf(length);
  return absolute({ fromMs: fromMs + direction * length, toMs: toMs + direction * length });
}

/** Twice as long around the same middle, or back from now while live. */
export function zoomOut(range: Range, nowMs: number): Range {
  const { fromMs, toMs } = resolve(range, nowMs);
  const length = toMs - fromMs;
  if (isLive(range)) return lastOf(length * 2);
  const end = Math.min(nowMs, toMs + length / 2);
  return absolute({ fromMs: end - length * 2, toMs: end });
}

function lastOf(lengthMs: number): Range {
  for (const unit of ["d", "h", "m", "s"]) {
    const size = UNIT_MS[unit]!;
    if (lengthMs >= size && Number.isInteger(lengthMs / size))
      return { from: `now-${lengthMs / size}${unit}`, to: "now" };
  }
  return { from: `now-${Math.max(1, Math.round(lengthMs / 1000))}s`, to: "now" };
}

const AROUND_MS = 5 * 6e4;
const SEPARATOR =
  /\s+(?:-|–|—|to|until|\.\.|\/)\s+|\s*(?:–|—|\.\.|→)\s*|\/(?=\d{4}-)|(?<=:\d\d)-(?=\d)|(?<=\d{10,})\s*[-,]\s*(?=\d{10,})/i;
const INSIDE = [
  /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?/i,
  /\d{1,2}\/[A-Za-z]{3}\/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?/,
  /\b[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d\b/,
  /(?<!\d)1[0-9]{9}(?:\.\d+|\d{3}|\d{6}|\d{9})?(?!\d)/,
];

/** Returns the range that a pasted text means: two times, a length, one time (five minutes around it), a log line. */
export function pasteRange(pasted: string, nowMs: number): Range | null {
  const text = pasted.trim().replace(/^["'[(]|["'\])]$/g, "");
  const length = LAST.exec(text);
  if (length) return lastOf(Number(length[1]) * UNIT_MS[length[2]!.toLowerCase()]!);
  const sides = text.split(SEPARATOR).filter(Boolean);
  if (sides.length === 2) {
    const both = sides.map((side) => parsePoint(side, nowMs));
    if (both[0] != null && both[1] != null && both[0] < both[1])
      return sides.some((side) => side.trim().startsWith("now"))
        ? { from: keep(sides[0]!, both[0]), to: keep(sides[1]!, both[1]) }
        : absolute({ fromMs: both[0], toMs: both[1] });
  }
  if (/^now\s*-/i.test(text)) return { from: text.replace(/\s/g, "").toLowerCase(), to: "now" };
  const inside = INSIDE.map((pattern) => pattern.exec(text)?.[0]).find(Boolean);
  const point = parsePoint(text, nowMs) ?? (inside ? parsePoint(inside, nowMs) : null);
  return point === null ? null : absolute({ fromMs: point - AROUND_MS, toMs: point + AROUND_MS });
}

function keep(side: string, ms: number): string {
  return side.trim().toLowerCase().startsWith("now") ? side.replace(/\s/g, "").toLowerCase() : String(ms);
}
