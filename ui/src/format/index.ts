/** Numbers and times as people read them. Pure; everything is golden-tested. */
export { bytes, count, exactCount, percent, sentence } from "./count";
export { duration, exactDuration, parseDuration } from "./duration";
export { age, clock, fullTime, minute, msToNs, type Ns, nsToMs, offset, tick } from "./time";
