/**
 * The text of a conjunction, `{ status = error && .x = 1 }`: parsed into filters and printed in one canonical form.
 * The server reads all of TraceQL; tests/golden/conjunction.json binds both where they meet.
 */
import { parseBare, printString, printValue, TooLargeError, type Value } from "./literals";

export type FilterScope = "intrinsic" | "resource" | "span" | "event" | "link" | "any";
export const OPERATORS = ["=~", "!~", "!=", ">=", "<=", "=", ">", "<"] as const;
export type Op = (typeof OPERATORS)[number];

export interface Filter {
  scope: FilterScope;
  key: string;
  op: Op;
  value: Value;
}

/** Says where the text is wrong and what to write instead; offsets count UTF-16 units. */
export class QuerySyntaxError extends Error {
  constructor(
    message: string,
    readonly from: number,
    readonly to: number,
    readonly hint: string,
  ) {
    super(message);
    this.name = "QuerySyntaxError";
  }
}

export const STRING_INTRINSICS = ["name", "statusMessage", "rootServiceName", "rootName", "event:name"];
export const NUMBER_INTRINSICS = ["duration", "traceDuration"];
export const INTRINSICS = new Set([...STRING_INTRINSICS, ...NUMBER_INTRINSICS, "kind", "status"]);
const ALIASES: Record<string, string> = {
  "span:name": "name",
  "span:kind": "kind",
  "span:status": "status",
  "span:statusMessage": "statusMessage",
  "span:duration": "duration",
  "trace:rootService": "rootServiceName",
  "trace:rootName": "rootName",
  "trace:duration": "traceDuration",
};
const SCOPES: readonly [string, FilterScope][] = [
  ["resource.", "resource"],
  ["span.", "span"],
  ["event.", "event"],
  ["link.", "link"],
  [".", "any"],
];
const END_OF_WORD = new Set(" \t\r\n{}()=~!<>&|^,");
const ESCAPES: Record<string, string> = { '"': '"', "\\": "\\", n: "\n", t: "\t" };
const MAX_FILTERS = 64;
const FIELD_HINT = "start with a field such as name, duration, span.x, resource.x or .x";

/** Returns the filters of a conjunction; empty text is `{ }`, which every span passes. */
export function parseQuery(text: string): Filter[] {
  return new Parser(text).query();
}

/** Whether a text is a conjunction, which filters stand for. */
export function isConjunction(text: string): boolean {
  try {
    return parseQuery(text).length >= 0;
  } catch {
    return false;
  }
}

/** Returns the canonical text. */
export function printQuery(filters: readonly Filter[]): string {
  return filters.length === 0 ? "{ }" : `{ ${filters.map(printFilter).join(" && ")} }`;
}

export function printFilter(filter: Filter): string {
  return `${printField(filter)} ${filter.op} ${printValue(filter.value)}`;
}

/** Returns a field as it is written in a query. */
export function printField({ scope, key }: Pick<Filter, "scope" | "key">): string {
  if (scope === "intrinsic") return key;
  // A dot and a digit begin a number.
  const number = scope === "any" && /^[0-9]/.test(key);
  const plain = key !== "" && !number && ![...key].some((c) => END_OF_WORD.has(c) || c === '"');
  const written = plain ? key : `"${key.replace(/[\\"]/g, "\\$&")}"`;
  return scope === "any" ? `.${written}` : `${scope}.${written}`;
}

class Parser {
  private at = 0;
  constructor(private readonly text: string) {}

  query(): Filter[] {
    this.space();
    if (this.at === this.text.length) return [];
    if (this.peek() !== "{") this.fail("expected {", "write conditions in braces, for example { status = error }");
    this.at++;
    const filters: Filter[] = [];
    this.space();
    if (this.peek() !== "}") {
      filters.push(this.condition());
      while (this.another()) filters.push(this.condition());
    }
    this.at++;
    this.space();
    const end = this.text.length;
    if (this.at < end) this.fail("unexpected text after }", "one pair of braces is supported", this.at, end);
    if (filters.length > MAX_FILTERS) this.fail("too many conditions", `use at most ${MAX_FILTERS}`, 0, end);
    return filters;
  }

  private another(): boolean {
    this.space();
    if (this.peek() === "}") return false;
    if (this.text.startsWith("&&", this.at)) {
      this.at += 2;
      return true;
    }
    const alternatives = 'for alternatives of one field write =~ "a|b"';
    if (this.text.startsWith("||", this.at)) this.fail("|| is not supported", alternatives, this.at, this.at + 2);
    this.fail("expected && or }", "join conditions with && and close with }", this.at, this.wordEnd(1));
  }

  private condition(): Filter {
    this.space();
    const field = this.field();
    this.space();
    const opAt = this.at;
    const op = OPERATORS.find((one) => this.text.startsWith(one, this.at));
    if (!op) this.fail("expected an operator", "write one of = != > >= < <= =~ !~", this.at, this.wordEnd(1));
    this.at += op.length;
    this.space();
    const valueAt = this.at;
    const filter: Filter = { ...field, op, value: this.value() };
    this.check(filter, opAt, valueAt);
    return filter;
  }

  private field(): { scope: FilterScope; key: string } {
    const start = this.at;
    for (const [prefix, scope] of SCOPES)
      if (this.text.startsWith(prefix, this.at)) {
        this.at += prefix.length;
        return { scope, key: this.key(start) };
      }
    this.at = this.wordEnd(0);
    const word = this.text.slice(start, this.at);
    if (!word) this.fail("expected a field", FIELD_HINT, start, start + 1);
    const name = Object.hasOwn(ALIASES, word) ? ALIASES[word]! : word;
    const hint = `an attribute needs a scope: .${word}, span.${word} or resource.${word}`;
    if (!INTRINSICS.has(name)) this.fail(`unknown field ${word}`, hint, start);
    return { scope: "intrinsic", key: name };
  }

  private key(start: number): string {
    let key = "";
    let quoted = false;
    while (this.at < this.text.length && !END_OF_WORD.has(this.peek())) {
      if (this.peek() === '"') {
        key += this.quoted('"\\');
        quoted = true;
      } else key += this.text[this.at++];
    }
    const hint = "write a name after the dot, for example .http.route";
    if (!key && !quoted) this.fail("expected an attribute name", hint, start);
    return key;
  }

  private value(): Value {
    const start = this.at;
    if (this.peek() === '"') return { type: "string", value: this.quoted('"\\nt') };
    if (this.peek() === "`") {
      const end = this.text.indexOf("`", this.at + 1);
      if (end < 0) this.fail("the string is not closed", "add a closing `", start, this.text.length);
      this.at = end + 1;
      return { type: "string", value: this.text.slice(start + 1, end) };
    }
    this.at = this.wordEnd(0);
    const word = this.text.slice(start, this.at);
    if (!word) this.fail("expected a value", 'write a value such as "text", 5, 1.5s, error or nil', start, start + 1);
    return this.bare(word, start);
  }

  private bare(word: string, start: number): Value {
    let value: Value | null = null;
    try {
      value = parseBare(word);
    } catch (error) {
      if (error instanceof TooLargeError) this.fail("the number is too large", "numbers have 64 bits", start);
      throw error;
    }
    return value ?? this.fail(`${word} is not a value`, `put text in double quotes: ${printString(word)}`, start);
  }

  private quoted(escapes: string): string {
    const start = this.at++;
    let out = "";
    while (this.at < this.text.length) {
      let char = this.text[this.at++]!;
      if (char === '"') return out;
      if (char === "\\") {
        const code = this.peek();
        const hint = "a backslash is written \\\\; raw text stands in backticks";
        if (code && !escapes.includes(code)) this.fail(`unknown escape \\${code}`, hint, this.at - 1, this.at + 1);
        char = ESCAPES[code] ?? "";
        this.at++;
      }
      out += char;
    }
    this.fail("the string is not closed", 'add a closing "', start, this.text.length);
  }

  private check(filter: Filter, opAt: number, valueAt: number): void {
    const type = filter.value.type;
    const field = printField(filter);
    const wanted = wantedTypes(filter);
    if (!wanted.includes(type))
      this.fail(`${field} cannot be compared with ${type}`, `compare ${field} with ${listed(wanted)}`, valueAt);
    const pattern = filter.op === "=~" || filter.op === "!~";
    if (pattern && type !== "string")
      this.fail(`${filter.op} needs a string`, `write ${field} ${filter.op} "pattern"`, valueAt);
    const ordered = /[<>]/.test(filter.op);
    if (ordered && ["nil", "bool", "status", "kind"].includes(type))
      this.fail(`${filter.op} cannot be used with ${type}`, "use = or !=", opAt, opAt + filter.op.length);
  }

  private space(): void {
    while (this.at < this.text.length && " \t\r\n".includes(this.text[this.at]!)) this.at++;
  }

  private peek(): string {
    return this.text.charAt(this.at);
  }

  private wordEnd(least: number): number {
    let end = this.at;
    while (end < this.text.length && !END_OF_WORD.has(this.text[end]!)) end++;
    return Math.min(Math.max(end, this.at + least), this.text.length);
  }

  private fail(message: string, hint: string, from = this.at, to?: number): never {
    const last = to ?? Math.max(this.at, from + 1);
    const size = this.text.length;
    throw new QuerySyntaxError(message, Math.min(from, size), Math.min(last, size), hint);
  }
}

function wantedTypes({ scope, key }: Filter): string[] {
  if (scope !== "intrinsic") return ["string", "int", "float", "bool", "duration", "nil"];
  if (STRING_INTRINSICS.includes(key)) return ["string"];
  return NUMBER_INTRINSICS.includes(key) ? ["duration", "int", "float"] : [key];
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
