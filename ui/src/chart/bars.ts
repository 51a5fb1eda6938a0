/** Stacked bars over time: where everything stands, without a canvas. */
export interface Bars {
  startMs: readonly number[];
  stepMs: number;
  total: readonly number[];
  errors: readonly number[];
}

export interface Box {
  width: number;
  height: number;
  left: number;
  bottom: number;
  top: number;
}

export interface BarRect {
  index: number;
  x: number;
  width: number;
  /** Top and height of the part without errors, which stands on the errors. */
  okY: number;
  okHeight: number;
  errorY: number;
  errorHeight: number;
}

/** A round number that is not below the value: 1, 2 or 5 times a power of ten. */
export function niceCeil(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((m) => m * power).find((nice) => nice >= value) ?? 10 * power;
}

/** Places the bars; every count above zero is at least one pixel high, errors on the ground. */
export function layoutBars(bars: Bars, fromMs: number, toMs: number, box: Box): { rects: BarRect[]; top: number } {
  const top = niceCeil(Math.max(0, ...bars.total));
  const plotWidth = Math.max(1, box.width - box.left);
  const ground = box.height - box.bottom;
  const plotHeight = Math.max(1, ground - box.top);
  const x = (ms: number): number => box.left + ((ms - fromMs) / (toMs - fromMs)) * plotWidth;
  const tall = (count: number): number => (count > 0 ? Math.max(1, (count / top) * plotHeight) : 0);
  const rects = bars.startMs.map((start, index) => {
    const left = Math.max(box.left, x(start));
    const right = Math.min(box.width, x(start + bars.stepMs));
    const errors = Math.min(bars.errors[index] ?? 0, bars.total[index] ?? 0);
    const errorHeight = tall(errors);
    const okHeight = tall((bars.total[index] ?? 0) - errors);
    const width = Math.max(1, right - left - (right - left > 4 ? 1 : 0));
    const errorY = ground - errorHeight;
    return { index, x: left, width, errorY, errorHeight, okY: errorY - okHeight, okHeight };
  });
  return { rects, top };
}

/** The bucket under a point in time, clamped to what there is. */
export function bucketAt(bars: Bars, ms: number): number {
  const first = bars.startMs[0];
  if (first === undefined) return -1;
  return Math.max(0, Math.min(bars.startMs.length - 1, Math.floor((ms - first) / bars.stepMs)));
}

const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5,
  216e5, 432e5, 864e5, 1728e5, 6048e5, 12096e5, 2592e6,
];

/** Round moments of local time for an axis, about `most` of them, and their step. */
export function timeTicks(fromMs: number, toMs: number, most: number): { stepMs: number; at: number[] } {
  const stepMs = STEPS_MS.find((step) => (toMs - fromMs) / step <= most) ?? 2592e6;
  const zone = -new Date(fromMs).getTimezoneOffset() * 60_000;
  const at: number[] = [];
  for (let ms = Math.ceil((fromMs + zone) / stepMs) * stepMs - zone; ms <= toMs; ms += stepMs) at.push(ms);
  return { stepMs, at };
}
