import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { completionRead, fieldsRead, valuesRead, type WindowText } from "../../api/reads";
import type { Completion, FieldRow, FieldValue } from "../../api/types";
import { parseField } from "../../url/chips";
import { printString } from "../../url/literals";
import { printField } from "../../url/traceql";

const TYPING_MS = 120;
const MOST = 12;
const LEVELS = new Set<string>(["span", "resource", "event", "link"]);

/** Words that can take the place of what is written before the cursor; offsets count UTF-16 units. */
export interface Suggestions {
  from: number;
  to: number;
  words: readonly string[];
}

export interface Asked {
  text: string;
  /** Offset of the cursor in UTF-16 units. */
  cursor: number;
}

/** The words that fit: fields and values that are stored before the words of the language. */
export function suggested(
  asked: Asked,
  said: Completion,
  fields: readonly FieldRow[],
  values: readonly FieldValue[],
): Suggestions {
  const from = [...asked.text].slice(0, said.from).join("").length;
  const prefix = said.prefix.toLowerCase();
  const wants = (what: Completion["expected"][number]): boolean => said.expected.includes(what);
  const keys = fields
    .map((row) => printField({ scope: row.level as "span", key: row.key }))
    .filter((key) => prefix !== "" && key.toLowerCase().includes(prefix))
    .sort((a, b) => place(a, prefix) - place(b, prefix));
  const stored = [
    ...(wants("values") ? values.map(({ type, value }) => (type === "string" ? printString(value) : value)) : []),
    ...(wants("fields") ? keys : []),
  ];
  const written = asked.text.slice(from, asked.cursor);
  const words = [...new Set([...stored, ...said.words])].filter((word) => word !== written);
  return { from, to: asked.cursor, words: words.slice(0, MOST) };
}

/** What begins with the prefix stands before keys that begin so behind their scope, and those before all others. */
function place(key: string, prefix: string): number {
  const at = key.toLowerCase().indexOf(prefix);
  if (at === 0) return 0;
  return at === key.indexOf(".") + 1 ? 1 : 2;
}

/** The text after a word was taken, and where the cursor stands then. */
export function taken(text: string, { from, to }: Suggestions, word: string): Asked {
  const open = /[.({]$|^\|/.test(word);
  const put = open ? word : `${word} `;
  const rest = text.slice(to);
  return { text: text.slice(0, from) + put + (open ? rest : rest.replace(/^ /, "")), cursor: from + put.length };
}

/** Asks what may stand at the cursor; null while there is nothing to say. */
export function useCompletion(asked: Asked | null, window: WindowText): Suggestions | null {
  const [settled, setSettled] = useState<Asked | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(asked), asked ? TYPING_MS : 0);
    return () => clearTimeout(timer);
  }, [asked]);
  const text = settled?.text ?? "";
  const cursor = [...text.slice(0, settled?.cursor ?? 0)].length;
  const read = useQuery({ ...completionRead(text, cursor), enabled: settled !== null });
  const said = read.data?.data.completion;
  const fields = useQuery({ ...fieldsRead(window), enabled: said?.expected.includes("fields") === true });
  const field = said?.field ? parseField(said.field) : null;
  const stored = field !== null && LEVELS.has(field.scope) && said?.expected.includes("values") === true;
  const values = useQuery({
    ...valuesRead(field?.scope ?? "", field?.key ?? "", said?.prefix ?? "", window),
    enabled: stored,
    placeholderData: keepPreviousData,
  });
  if (!settled || !asked || settled.text !== asked.text || settled.cursor !== asked.cursor || !said) return null;
  return suggested(settled, said, fields.data?.data ?? [], stored ? (values.data?.data.values ?? []) : []);
}
