import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../../api/client";
import type { SpanDetail } from "../../api/types.gen";
import { duration, exactCount, percent } from "../../format";
import { en } from "../../i18n/en";
import { Button, copy, EmptyState, Skeleton, Tabs } from "../../kit";
import { Failure } from "../../shell/PageError";
import { FLAG, KIND_NAMES, STATUS_NAMES } from "../model/columns";
import { foldFacts } from "../model/cover";
import { Attributes } from "./Attributes";
import { Events, Links, Logs } from "./DetailParts";
import { CopyIcon } from "./icons";
import type { Session } from "./session";
import { text } from "./text";
import { useVersion } from "./useSession";

const t = text.detail;
type Part = "attributes" | "events" | "links" | "logs" | "raw";

/** The selected span: facts from the columns at once, the rest when it has come. */
export function Detail({ id, session, copyLink, close }: DetailProps) {
  useVersion(session);
  const row = session.selected;
  if (row < 0 || row >= session.columns.rows) return <EmptyState title={t.hint} />;
  const line = session.line();
  const fold = session.onFold && line >= 0 ? session.visible.fold[line]! : 0;
  return (
    <>
      <Facts session={session} row={row} copyLink={copyLink} close={close} />
      {fold > 0 ? <Fold session={session} row={row} n={fold} /> : <Body id={id} session={session} row={row} />}
    </>
  );
}

interface DetailProps {
  id: string;
  session: Session;
  copyLink: () => void;
  close: () => void;
}

function Facts({ session, row, copyLink, close }: Omit<DetailProps, "id"> & { row: number }) {
  const { columns, derived, whole } = session;
  const ns = Math.max(0, columns.dur[row]!);
  const status = columns.statusOf(row);
  const share = ns / Math.max(1, whole.to - whole.from);
  return (
    <header className="detail-head">
      <div className="detail-title">
        <h2>{columns.nameOf(row)}</h2>
        <Button icon kind="quiet" title={t.copyLink} onClick={copyLink}>
          <CopyIcon />
        </Button>
        <Button icon kind="quiet" title={t.close} onClick={close}>
          ✕
        </Button>
      </div>
      <p className="muted">{columns.serviceOf(row)}</p>
      <p className="detail-facts">
        <strong title={`${exactCount(ns)} ns`}>{duration(ns)}</strong>
        <span title={`${exactCount(derived.self[row]!)} ns`}>
          {t.self} {duration(derived.self[row]!)}
        </span>
        <span>
          {percent(Math.min(1, share))} {t.share}
        </span>
        <span>
          {t.start} {duration(columns.start[row]!)}
        </span>
        <span>{KIND_NAMES[columns.kindOf(row)]}</span>
        <span className={status === 2 ? "bad" : ""}>
          {status === 2 ? "✕ " : ""}
          {STATUS_NAMES[status]}
        </span>
      </p>
    </header>
  );
}

function Fold({ session, row, n }: { session: Session; row: number; n: number }) {
  const { columns, derived } = session;
  const facts = foldFacts(columns, derived, row, n);
  const firstError = facts.errors > 0 ? firstErrorOf(session, row, n) : -1;
  return (
    <EmptyState
      title={t.fold(n)}
      action={
        <>
          <Button onClick={() => session.reveal(facts.longest)}>{t.longest}</Button>
          {firstError >= 0 && <Button onClick={() => session.reveal(firstError)}>{t.firstError}</Button>}
        </>
      }
    >
      {text.foldSum(duration(facts.sum), duration(facts.max))}. {t.foldText}
    </EmptyState>
  );
}

function firstErrorOf({ columns, derived }: Session, row: number, n: number): number {
  for (let i = 0, at = row; i < n; i++, at += derived.subtree[at]!) if (columns.statusOf(at) === 2) return at;
  return -1;
}

function Body({ id, session, row }: { id: string; session: Session; row: number }) {
  const span = session.columns.idOf(row);
  const ghost = session.columns.has(row, FLAG.placeholder);
  const query = useQuery({
    queryKey: ["span", id, span, session.columns.gen],
    queryFn: async ({ signal }) =>
      (
        await call("GET /traces/{trace_id}/spans/{span_id}", {
          path: { trace_id: id, span_id: span! },
          signal,
        })
      ).data,
    enabled: span !== null && !ghost,
    staleTime: 300_000,
  });
  if (ghost) return <EmptyState title={t.placeholder}>{t.placeholderText}</EmptyState>;
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton rows={8} />;
  return <Parts detail={query.data} />;
}

function Parts({ detail }: { detail: SpanDetail }) {
  const [chosen, setPart] = useState<Part>("attributes");
  const sizes = {
    attributes: detail.attributes.length,
    events: detail.events.length,
    links: detail.links.length + detail.linked_from.length,
    logs: detail.logs.length,
    raw: 0,
  };
  const parts = (Object.keys(sizes) as Part[]).filter((p) => p === "attributes" || p === "raw" || sizes[p] > 0);
  const part = parts.includes(chosen) ? chosen : "attributes";
  return (
    <>
      {detail.span.status_message && <p className="detail-message bad">{detail.span.status_message}</p>}
      <Tabs
        id="span-part"
        label={t.sections}
        value={part}
        choices={parts.map((value) => ({ value, label: `${t.tabs[value]}${sizes[value] ? ` ${sizes[value]}` : ""}` }))}
        onChange={setPart}
      />
      <div id="span-part-panel" role="tabpanel" aria-labelledby={`span-part-${part}`} className="detail-body">
        {part === "attributes" && <Attributes detail={detail} />}
        {part === "events" && <Events detail={detail} />}
        {part === "links" && <Links detail={detail} />}
        {part === "logs" && <Logs detail={detail} />}
        {part === "raw" && <Raw detail={detail} />}
      </div>
    </>
  );
}

function Raw({ detail }: { detail: SpanDetail }) {
  const json = JSON.stringify(detail, null, 2);
  return (
    <>
      <Button onClick={() => copy(json, en.copied)}>{t.copyJson}</Button>
      <pre className="raw">{json}</pre>
    </>
  );
}
