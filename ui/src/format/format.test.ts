import { expect, test } from "vitest";
import { age, bytes, clock, count, duration, exactDuration, fullTime, nsToMs, parseDuration, percent, tick } from ".";

process.env.TZ = "Europe/Berlin";

test.each([
  [0, "0 ns"],
  [1, "1 ns"],
  [812, "812 ns"],
  [999, "999 ns"],
  [1000, "1.00 µs"],
  [41_300, "41.3 µs"],
  [999_499, "999 µs"],
  [999_500, "1.00 ms"],
  [999_999, "1.00 ms"],
  [180_000_000, "180 ms"],
  [999_999_999, "1.00 s"],
  [2_310_000_000, "2.31 s"],
  [59_940_000_000, "59.9 s"],
  [59_999_000_000, "1 m"],
  [83_000_000_000, "1 m 23 s"],
  [3_599_900_000_000, "1 h"],
  [7_800_000_000_000, "2 h 10 m"],
  [90_000_000_000_000, "1 d 1 h"],
  [-1500, "−1.50 µs"],
  [Number.NaN, "–"],
])("%d ns reads %s", (ns, text) => expect(duration(ns)).toBe(text));

test("no duration above nothing is shown as 0", () => {
  for (let ns = 1; ns < 1e15; ns *= 3) expect(duration(ns)).not.toMatch(/^0(\.0+)? /);
});

test.each([
  ["1.5s", 1_500_000_000],
  ["250 ms", 250_000_000],
  ["250", 250_000_000],
  ["1h2m", 3_720_000_000_000],
  ["3us", 3000],
  ["3µs", 3000],
  ["7ns", 7],
  ["0,5 s", 500_000_000],
  ["soon", null],
  ["1s!", null],
  ["", null],
])("%s is read as %d ns", (text, ns) => expect(parseDuration(text)).toBe(ns));

test("exact durations come back as they were", () => {
  for (const ns of [7, 1500, 250_000_000, 1_500_000_000, 1_234_567_891, 3_720_000_000_000])
    expect(parseDuration(exactDuration(ns))).toBe(ns);
});

test.each([
  [41_204, "41,204"],
  [99_999, "99,999"],
  [1_240_000, "1.24 M"],
  [999_999, "1 M"],
  [100_000, "100 k"],
  [2e15, "2 P"],
])("%d is counted as %s", (value, text) => expect(count(value)).toBe(text));

test("bytes and shares", () => {
  expect([0, 812, 1500, 1.24e9].map(bytes)).toEqual(["0 B", "812 B", "1.5 kB", "1.24 GB"]);
  expect([0, 0.0001, 0.062, 0.5, 0.9995, 1].map(percent)).toEqual([
    "0 %",
    "< 0.1 %",
    "6.2 %",
    "50 %",
    "> 99.9 %",
    "100 %",
  ]);
});

test("times keep every nanosecond", () => {
  const ns = "1774000000123456789";
  expect(nsToMs(ns)).toBe(1774000000123);
  expect(nsToMs("-1")).toBe(-1);
  expect(fullTime(ns)).toBe(
    "2026-03-20 10:46:40.123456789 +01:00\n2026-03-20T09:46:40.123456789Z\n1774000000123456789 ns",
  );
  expect(clock(ns, 1774000000000)).toBe("10:46:40.123");
  expect(clock(ns, 1774000000000 + 86_400_000)).toBe("2026-03-20 10:46:40.123");
});

test("ages and axis labels", () => {
  expect([0, 2000, 90_000, 7_200_000, 200_000_000].map(age)).toEqual(["0 s", "2 s", "1 min", "2 h", "2 d"]);
  expect(tick(1774000000000, 60_000)).toBe("10:46");
  expect(tick(1774000000000, 5_000)).toBe("10:46:40");
  expect(tick(1774000000123, 100)).toBe("10:46:40.123");
  expect(tick(1774000000000, 86_400_000)).toBe("03-20");
});
