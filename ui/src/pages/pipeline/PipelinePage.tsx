import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { serverNow } from "../../api/clock";
import { statusRead } from "../../api/reads";
import type { Ledger, Status } from "../../api/types";
import { age, bytes, clock, duration, exactCount, nsToMs, percent } from "../../format";
import { en } from "../../i18n/en";
import { Banner, Skeleton } from "../../kit";
import { Failure } from "../../shell/PageError";
import { difference, SIDES } from "./ledger";
import { texts } from "./texts";
import "./pipeline.css";

const SIDE_TEXT = {
  stored: texts.stored,
  pending: texts.pending,
  sampled_out: texts.sampled_out,
  rejected: texts.rejected,
  lost: texts.lostWord,
} as const;

/** One number of the page with its name and what it means. */
function Figure({ name, value, children }: { name: string; value: string; children?: ReactNode }) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd className="figure-value">{value}</dd>
      <dd className="muted">{children}</dd>
    </div>
  );
}

/** received = stored + pending + sampled out + rejected + lost. */
function Conservation({ title, ledger }: { title: string; ledger: Ledger }) {
  return (
    <section className="panel pipeline-panel">
      <h2>{title}</h2>
      <p className="conservation">
        <span className="conservation-part">
          <b>{exactCount(ledger.received)}</b> {texts.received}
        </span>
        {SIDES.map((side, at) => (
          <span key={side} className={`conservation-part${side === "lost" && ledger.lost > 0 ? " bad" : ""}`}>
            <span className="muted">{at === 0 ? "=" : "+"}</span> <b>{exactCount(ledger[side])}</b> {SIDE_TEXT[side]}
          </span>
        ))}
      </p>
    </section>
  );
}

function Verdict({ status }: { status: Status }) {
  const off = difference(status.ledger);
  if (!status.ready) return <Banner tone="error">{texts.notReady}</Banner>;
  if (off !== 0) return <Banner tone="error">{texts.broken(exactCount(off))}</Banner>;
  if (status.ledger.lost > 0) return <Banner tone="warn">{texts.lost(exactCount(status.ledger.lost))}</Banner>;
  return <Banner tone="ok">{texts.trusted}</Banner>;
}

function Figures({ status }: { status: Status }) {
  const { journal, disk } = status;
  return (
    <dl className="figures">
      <Figure name={texts.lag} value={status.lag_s === 0 ? texts.noLag : duration(status.lag_s * 1e9)}>
        {texts.lagText}
      </Figure>
      <Figure
        name={texts.newest}
        value={
          status.newest_span_ns ? texts.ago(age(Math.max(0, serverNow() - nsToMs(status.newest_span_ns)))) : texts.none
        }
      >
        {status.newest_span_ns && clock(status.newest_span_ns)}
      </Figure>
      <Figure name={texts.journal} value={bytes(journal.bytes)}>
        {texts.journalText(exactCount(journal.segments), bytes(journal.max_bytes))}
      </Figure>
      <Figure name={texts.disk} value={bytes(disk.data_bytes)}>
        {texts.diskText(bytes(disk.free_bytes), bytes(disk.reserve_bytes ?? 0))},{" "}
        {disk.max_bytes ? texts.budget(bytes(disk.max_bytes)) : texts.noBudget}
      </Figure>
    </dl>
  );
}

function Checks({ status }: { status: Status }) {
  return (
    <section className="panel pipeline-panel">
      <h2>{texts.checks}</h2>
      <ul className="checks">
        {status.checks.map((check) => (
          <li key={check.name} className={check.ok ? "good" : "bad"}>
            <span aria-hidden="true">{check.ok ? "✓" : "✕"}</span> <b>{check.name}</b>{" "}
            <span className="muted">{check.detail || (check.ok ? texts.ok : texts.failed)}</span>
          </li>
        ))}
      </ul>
      <p className="muted">
        {texts.engine(status.engine.kind, status.engine.version, status.version)} ·{" "}
        {texts.since(age(status.uptime_s * 1000))}
      </p>
    </section>
  );
}

function Tables({ status }: { status: Status }) {
  const tables = Object.entries(status.disk.by_table).sort((a, b) => b[1] - a[1]);
  const sum = tables.reduce((total, [, size]) => total + size, 0);
  return (
    <section className="panel pipeline-panel">
      <h2>{texts.tables}</h2>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">{texts.table}</th>
            <th scope="col" className="number">
              {texts.size}
            </th>
            <th scope="col" className="number">
              {texts.share}
            </th>
          </tr>
        </thead>
        <tbody>
          {tables.map(([name, size]) => (
            <tr key={name}>
              <td>
                <code>{name}</code>
              </td>
              <td className="number">{bytes(size)}</td>
              <td className="number">{sum > 0 ? percent(size / sum) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Reasons({ status }: { status: Status }) {
  const rows = [
    ...Object.entries(status.requests_refused).map(([reason, n]) => [texts.refusedRequests, reason, n] as const),
    ...Object.entries(status.ledger.rejected_by ?? {}).map(([reason, n]) => [texts.rejectedSpans, reason, n] as const),
    ...Object.entries(status.ledger.lost_by ?? {}).map(([reason, n]) => [texts.lostSpans, reason, n] as const),
  ].filter(([, , n]) => n > 0);
  return (
    <section className="panel pipeline-panel">
      <h2>{texts.reasons}</h2>
      {rows.length === 0 && <p className="muted">{texts.noReasons}</p>}
      {rows.length > 0 && (
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">{texts.what}</th>
              <th scope="col">{texts.reason}</th>
              <th scope="col" className="number">
                {texts.number}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([what, reason, n]) => (
              <tr key={`${what} ${reason}`}>
                <td>{what}</td>
                <td>
                  <code>{reason}</code>
                </td>
                <td className="number">{exactCount(n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Is data flowing, delayed or dropped. */
export function PipelinePage() {
  const { data, error, refetch } = useQuery(statusRead);
  useEffect(() => {
    document.title = `${texts.title} · ${en.product}`;
  }, []);
  if (!data && error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={12} />;
  const status = data.data;
  return (
    <div className={`pipeline${error ? " pipeline-stale" : ""}`}>
      <h1>{texts.title}</h1>
      {error && <Banner tone="error">{en.error.offlineText}</Banner>}
      <Verdict status={status} />
      {status.journal.quarantined > 0 && (
        <Banner tone="warn">{texts.quarantined(exactCount(status.journal.quarantined))}</Banner>
      )}
      <Conservation title={texts.ledger} ledger={status.ledger} />
      {status.logs && status.logs.received > 0 && <Conservation title={texts.logs} ledger={status.logs} />}
      <Figures status={status} />
      <div className="pipeline-grid">
        <Checks status={status} />
        <Tables status={status} />
        <Reasons status={status} />
      </div>
    </div>
  );
}
