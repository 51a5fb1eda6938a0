const UNITS: readonly [number, string][] = [
  [1_000_000_000, "s"],
  [1_000_000, "ms"],
  [1_000, "µs"],
  [1, "ns"],
];
const MINUTE = 60_000_000_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Rounds to three significant digits without an exponent: 41.3, 180, 2.31. */
function three(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 2));
}

function pair(ns: number, big: number, small: number, names: readonly [string, string]): string {
  const whole = Math.round(ns / small);
  const per = big / small;
  const rest = whole % per;
  return `${Math.floor(whole / per)} ${names[0]}${rest ? ` ${rest} ${names[1]}` : ""}`;
}

/** Writes nanoseconds with three significant digits and the unit that suits: `41.3 µs`, `2.31 s`, `1 m 23 s`. */
export function duration(ns: number): string {
  if (!Number.isFinite(ns)) return "–";
  if (ns < 0) return `−${duration(-ns)}`;
  if (ns >= DAY - HOUR / 2) return pair(ns, DAY, HOUR, ["d", "h"]);
  if (ns >= HOUR - MINUTE / 2) return pair(ns, HOUR, MINUTE, ["h", "m"]);
  if (ns >= MINUTE - 50_000_000) return pair(ns, MINUTE, 1_000_000_000, ["m", "s"]);
  if (ns < 1) return ns === 0 ? "0 ns" : `${three(ns)} ns`;
  for (const [size, unit] of UNITS)
    if (ns >= size * 0.9995)
      return `${unit === "ns" ? Math.round(ns) : three(Number((ns / size).toPrecision(3)))} ${unit}`;
  return `${ns} ns`;
}

const SIZES: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: MINUTE,
  min: MINUTE,
  h: HOUR,
  d: DAY,
};

/** Reads `1.5s`, `250 ms`, `1h2m`; a bare number is milliseconds. Null when it is no duration. */
export function parseDuration(text: string): number | null {
  const clean = text.trim().toLowerCase().replace(",", ".");
  if (/^\d+(\.\d+)?$/.test(clean)) return Number(clean) * 1e6;
  const parts = [...clean.matchAll(/(\d+(?:\.\d+)?)\s*(ns|us|µs|μs|ms|min|s|m|h|d)\s*/gy)];
  if (parts.length === 0 || parts.map((p) => p[0]).join("") !== clean) return null;
  return Math.round(parts.reduce((sum, part) => sum + Number(part[1]) * SIZES[part[2]!]!, 0));
}

/** Writes nanoseconds exactly, in the largest unit that needs no rounding: `1.5s`, `250ms`, `7ns`. */
export function exactDuration(ns: number): string {
  for (const [size, unit] of UNITS) {
    const value = ns / size;
    if (ns >= size && Number(value.toFixed(3)) * size === ns)
      return `${Number(value.toFixed(3))}${unit.replace("µ", "u")}`;
  }
  return `${ns}ns`;
}
