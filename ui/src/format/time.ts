/** Times are nanoseconds since 1970 as decimal strings or bigint: no digit is lost on the way to the screen. */
export type Ns = string | bigint;

const two = (value: number): string => String(value).padStart(2, "0");

function split(ns: Ns): { ms: number; rest: bigint } {
  const value = BigInt(ns);
  const ms = value / 1_000_000n - (value % 1_000_000n < 0n ? 1n : 0n);
  return { ms: Number(ms), rest: value - ms * 1_000_000n };
}

export function nsToMs(ns: Ns): number {
  return split(ns).ms;
}

export function msToNs(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}

/** `14:02:11.123` local time; with the day before it when it is not today's. */
export function clock(ns: Ns, now = Date.now()): string {
  const date = new Date(split(ns).ms);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
  return date.toDateString() === new Date(now).toDateString() ? time : `${day(date)} ${time}`;
}

function day(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `2026-11-24 14:02` local. */
export function minute(ms: number): string {
  const date = new Date(ms);
  return `${day(date)} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The offset of local time from UTC at that moment: `+02:00`. */
export function offset(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** All nine digits, local with offset and UTC, for titles: nothing is rounded. */
export function fullTime(ns: Ns): string {
  const { ms, rest } = split(ns);
  const date = new Date(ms);
  const fraction = `${String(date.getMilliseconds()).padStart(3, "0")}${String(rest).padStart(6, "0")}`;
  const local = `${day(date)} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction}`;
  return `${local} ${offset(ms)}\n${date.toISOString().slice(0, 19)}.${fraction}Z\n${ns} ns`;
}

const STEPS: readonly [number, string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

/** `2 s`, `14 min`, `3 h`: how long ago, for less than a day or so. */
export function age(ms: number): string {
  for (const [size, unit] of STEPS) if (ms >= size) return `${Math.floor(ms / size)} ${unit}`;
  return "0 s";
}

/** A label of a time axis with the given step: seconds only where they differ. */
export function tick(ms: number, stepMs: number): string {
  const date = new Date(ms);
  if (stepMs >= 86_400_000) return day(date).slice(5);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (stepMs >= 60_000) return date.getHours() + date.getMinutes() === 0 ? day(date).slice(5) : time;
  return `${time}:${two(date.getSeconds())}${stepMs < 1000 ? `.${String(date.getMilliseconds()).padStart(3, "0")}` : ""}`;
}
