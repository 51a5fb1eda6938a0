const exact = new Intl.NumberFormat("en-US");
const PREFIXES = ["", " k", " M", " G", " T", " P"];

/** Writes a count exactly up to five digits, then shortened: `41,204`, `1.24 M`. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) < 100_000) return exact.format(value);
  return scaled(value, 1000, PREFIXES);
}

/** Writes a count with all its digits. */
export function exactCount(value: number): string {
  return exact.format(value);
}

/** Writes bytes in SI units: `812 B`, `1.24 GB`. */
export function bytes(value: number): string {
  return `${scaled(value, 1000, [" ", " k", " M", " G", " T", " P"])}B`;
}

/** Writes a share of 0-1 as `6.2 %`; what is not quite none or all never looks like it. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  const value = share * 100;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  if (value < 100 && value > 99.9) return "> 99.9 %";
  return `${value >= 10 || value === 0 ? Math.round(value) : value.toFixed(1)} %`;
}

/** Writes a hint, which an error message ends with in brackets, as a sentence of its own. */
export function sentence(hint: string): string {
  return hint.charAt(0).toUpperCase() + hint.slice(1);
}

function scaled(value: number, step: number, prefixes: readonly string[]): string {
  let rest = value;
  let power = 0;
  while (Math.abs(rest) >= 999.5 && power < prefixes.length - 1) {
    rest /= step;
    power++;
  }
  const text = power === 0 ? String(Math.round(rest)) : Number(rest.toPrecision(3)).toString();
  return text + prefixes[power];
}
