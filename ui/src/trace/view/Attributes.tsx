import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Attribute, SpanDetail } from "../../api/types.gen";
import { en } from "../../i18n/en";
import { Button, copy } from "../../kit";
import type { Value } from "../../url/literals";
import { type FilterScope, printQuery } from "../../url/traceql";
import { CopyIcon } from "./icons";
import { text } from "./text";

const t = text.detail;

/** A value as one text; objects as JSON. */
export function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What a query compares with, or null for arrays and nested values. */
function literal({ type, value }: Attribute): Value | null {
  if (typeof value === "string" && /^str/.test(type)) return { type: "string", value };
  if (typeof value === "boolean") return { type: "bool", value };
  if (/^int/.test(type)) return { type: "int", value: String(value) };
  if (typeof value === "number") return { type: "float", value };
  return null;
}

function Row({ attribute, scope }: { attribute: Attribute; scope: FilterScope | null }) {
  const value = literal(attribute);
  const query = (op: "=" | "!="): Record<string, string> | null =>
    scope && value ? { q: printQuery([{ scope, key: attribute.key, op, value }]) } : null;
  const plus = query("=");
  const minus = query("!=");
  return (
    <div className="attr">
      <dt title={attribute.type}>{attribute.key}</dt>
      <dd>
        <span className="attr-value">{shown(attribute.value)}</span>
        <span className="attr-acts">
          {plus && (
            <Link to="/explore" search={plus as never} className="act" title={t.filter} aria-label={t.filter}>
              +
            </Link>
          )}
          {minus && (
            <Link to="/explore" search={minus as never} className="act" title={t.exclude} aria-label={t.exclude}>
              −
            </Link>
          )}
          <Button
            icon
            kind="quiet"
            className="act"
            title={t.copy}
            onClick={() => copy(shown(attribute.value), en.copied)}
          >
            <CopyIcon />
          </Button>
        </span>
      </dd>
    </div>
  );
}

interface GroupProps {
  title: string;
  attributes: readonly Attribute[];
  scope: FilterScope | null;
  word?: string;
}

export function Group({ title, attributes, scope, word = "" }: GroupProps) {
  const wanted = word.toLowerCase();
  const kept = attributes.filter((a) => `${a.key} ${shown(a.value)}`.toLowerCase().includes(wanted));
  if (kept.length === 0) return null;
  return (
    <section className="attr-group">
      {title && <h3>{title}</h3>}
      <dl>
        {kept.map((attribute) => (
          <Row key={attribute.key} attribute={attribute} scope={scope} />
        ))}
      </dl>
    </section>
  );
}

function scopeFacts({ scope, span, resource }: SpanDetail): Attribute[] {
  const facts: [string, unknown][] = [
    ["name", scope?.name],
    ["version", scope?.version],
    ["schema_url", scope?.schema_url || resource?.schema_url],
    ["span id", span.span_id],
    ["parent id", span.parent_id],
    ["trace state", span.trace_state],
  ];
  return facts
    .filter(([, value]) => value)
    .map(([key, value]) => ({ key, type: "fact", value: value as Attribute["value"] }));
}

/** Attributes of the span, its resource and its scope, with one filter for all. */
export function Attributes({ detail }: { detail: SpanDetail }) {
  const [word, setWord] = useState("");
  const { span, resource, scope } = detail;
  const own = detail.attributes.toSorted((a, b) => a.key.localeCompare(b.key));
  const all = [...own, ...resource.attributes, ...scope.attributes, ...scopeFacts(detail)];
  const none = word && !all.some((a) => `${a.key} ${shown(a.value)}`.toLowerCase().includes(word.toLowerCase()));
  return (
    <>
      <input
        type="search"
        className="input attr-search"
        placeholder={t.search}
        aria-label={t.search}
        value={word}
        onChange={(event) => setWord(event.target.value)}
      />
      {own.length === 0 && <p className="muted">{t.noAttributes}</p>}
      {none && <p className="muted">{t.noneFound(word)}</p>}
      <Group title={t.span} attributes={own} scope="span" word={word} />
      {span.dropped_attributes > 0 && <p className="warn">{t.dropped(span.dropped_attributes, "attributes")}</p>}
      <Group title={t.resource} attributes={resource.attributes} scope="resource" word={word} />
      <Group title={t.scope} attributes={scope.attributes} scope={null} word={word} />
      <Group title={t.facts} attributes={scopeFacts(detail)} scope={null} word={word} />
      {detail.marks.length > 0 && (
        <p>
          {t.marks}: {detail.marks.join(", ")}
        </p>
      )}
      {detail.twins > 0 && <p className="muted">{t.twins(detail.twins + 1)}</p>}
    </>
  );
}
