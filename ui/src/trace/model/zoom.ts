/** The part of the trace's time on screen, in ns from `t0`. */
export interface Span {
  from: number;
  to: number;
}

export const FLOOR_NS_PER_PX = 1;

/** The whole trace with a little air; never empty, also for one span without duration. */
export function wholeOf(low: number, high: number): Span {
  const size = high - low;
  return size > 0 ? { from: low, to: high + size * 0.002 } : { from: low - 50, to: low + 950 };
}

/** Keeps the window inside the whole and not narrower than the floor. */
export function clampTo(whole: Span, window: Span, px: number): Span {
  const most = whole.to - whole.from;
  const size = Math.min(most, Math.max(window.to - window.from, Math.min(most, px * FLOOR_NS_PER_PX)));
  const middle = (window.from + window.to) / 2;
  const wanted = window.to - window.from === size ? window.from : middle - size / 2;
  const from = Math.max(whole.from, Math.min(wanted, whole.to - size));
  return { from, to: from + size };
}

/** Zooms about a moment that stays where it is on screen; a factor below 1 goes nearer. */
export function zoomAt(whole: Span, window: Span, at: number, factor: number, px: number): Span {
  const size = Math.max((window.to - window.from) * factor, px * FLOOR_NS_PER_PX);
  const share = (at - window.from) / (window.to - window.from);
  const from = at - share * size;
  return clampTo(whole, { from, to: from + size }, px);
}

export function panBy(whole: Span, window: Span, share: number): Span {
  const by = share * (window.to - window.from);
  const from = Math.max(whole.from, Math.min(window.from + by, whole.to - (window.to - window.from)));
  return { from, to: from + (window.to - window.from) };
}

/** A window about a span with some air on both sides. */
export function windowAbout(whole: Span, start: number, end: number, px: number): Span {
  const air = Math.max((end - start) * 0.05, px * FLOOR_NS_PER_PX * 0.05);
  return clampTo(whole, { from: start - air, to: end + air }, px);
}

export function isWhole(whole: Span, window: Span): boolean {
  return window.from <= whole.from && window.to >= whole.to;
}

/** Reads `z=from,to` (ns from the start of the trace); null when it is none. */
export function parseZoom(text: string | undefined): Span | null {
  const parts = (text ?? "").split(",").map(Number);
  const [from, to] = parts;
  return parts.length === 2 && Number.isFinite(from) && Number.isFinite(to) && to! > from!
    ? { from: from!, to: to! }
    : null;
}

export function printZoom(window: Span): string {
  return `${Math.floor(window.from)},${Math.ceil(window.to)}`;
}

/** Steps of 1, 2 or 5 times a power of ten with room for labels; at least 1 ns. */
export function tickStep(window: Span, px: number, labelPx = 90): number {
  const raw = Math.max(1, ((window.to - window.from) * labelPx) / Math.max(1, px));
  const power = 10 ** Math.floor(Math.log10(raw));
  const digit = raw / power;
  return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}
