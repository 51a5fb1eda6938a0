/** Values of a query, and their one spelling; to the character the same as in the server. */
export type Value =
  | { type: "string"; value: string }
  | { type: "int"; value: string }
  | { type: "float"; value: number }
  | { type: "bool"; value: boolean }
  | { type: "duration"; value: string }
  | { type: "status"; value: string }
  | { type: "kind"; value: string }
  | { type: "nil"; value: null };

export const STATUSES = ["unset", "ok", "error"] as const;
export const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;

const INT64_MAX = 2n ** 63n - 1n;
const INT = /^-?[0-9]+$/;
const FLOAT = /^-?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?$/;
const DURATION_PART = /([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h|d|w|y)/y;
const UNIT_NS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
  y: 31_536_000_000_000_000n,
};
const UNESCAPES: Record<string, string> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t" };

/** A number does not fit 64 bits. */
export class TooLargeError extends Error {}

/** Returns the nanoseconds that the text spells (`1h2m`, `1.5s`), or null; below 1 ns is cut off. */
export function parseDurationLiteral(text: string): bigint | null {
  const body = text.startsWith("-") ? text.slice(1) : text;
  if (!body) return null;
  let total = 0n;
  for (let at = 0; at < body.length; ) {
    DURATION_PART.lastIndex = at;
    const part = DURATION_PART.exec(body);
    if (!part || !(part[1] || part[2])) return null;
    const unit = UNIT_NS[part[3]!]!;
    const fraction = part[2] ?? "";
    total += BigInt(part[1] || 0) * unit + (BigInt(fraction || 0) * unit) / 10n ** BigInt(fraction.length);
    at = DURATION_PART.lastIndex;
  }
  if (total > INT64_MAX) throw new TooLargeError();
  return text.startsWith("-") ? -total : total;
}

/** Returns the value of a word without quotes, or null when it is none. */
export function parseBare(text: string): Value | null {
  if (text === "true" || text === "false") return { type: "bool", value: text === "true" };
  if (text === "nil") return { type: "nil", value: null };
  if ((STATUSES as readonly string[]).includes(text)) return { type: "status", value: text };
  if ((KINDS as readonly string[]).includes(text)) return { type: "kind", value: text };
  if (INT.test(text)) {
    const number = BigInt(text);
    if (number > INT64_MAX || number < -INT64_MAX - 1n) throw new TooLargeError();
    return { type: "int", value: String(number) };
  }
  if (FLOAT.test(text)) {
    const real = Number(text);
    if (!Number.isFinite(real)) throw new TooLargeError();
    return { type: "float", value: real };
  }
  const duration = parseDurationLiteral(text);
  return duration === null ? null : { type: "duration", value: String(duration) };
}

/** Prints a duration: `1h2m`, `1m30s`, `1.5s`, `10ms`, `3us`, `7ns`. */
export function printDuration(ns: bigint): string {
  const sign = ns < 0n ? "-" : "";
  let rest = ns < 0n ? -ns : ns;
  for (const unit of ["ns", "us", "ms"])
    if (rest < UNIT_NS[unit]! * 1000n) return `${sign}${fraction(rest, UNIT_NS[unit]!)}${unit}`;
  const hours = rest / UNIT_NS.h!;
  rest %= UNIT_NS.h!;
  const minutes = rest / UNIT_NS.m!;
  rest %= UNIT_NS.m!;
  const seconds = rest ? `${fraction(rest, UNIT_NS.s!)}s` : "";
  return `${sign}${hours ? `${hours}h` : ""}${minutes ? `${minutes}m` : ""}${seconds}`;
}

function fraction(value: bigint, unit: bigint): string {
  const rest = value % unit;
  if (!rest) return String(value / unit);
  return `${value / unit}.${String(rest)
    .padStart(String(unit).length - 1, "0")
    .replace(/0+$/, "")}`;
}

export function printString(value: string): string {
  return `"${value.replace(/[\\"\n\t]/g, (char) => UNESCAPES[char]!)}"`;
}

/** Returns the canonical spelling of a value. */
export function printValue(value: Value): string {
  if (value.type === "string") return printString(value.value);
  if (value.type === "duration") return printDuration(BigInt(value.value));
  if (value.type === "nil") return "nil";
  if (value.type !== "float") return String(value.value);
  if (value.value === 0) return "0.0";
  const text = String(value.value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
