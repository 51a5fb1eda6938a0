import { clock, count, duration, exactCount, fullTime } from "../../format";
import { en } from "../../i18n/en";
import { Banner, Button, copy } from "../../kit";
import { CopyIcon } from "./icons";
import type { Session } from "./session";
import { text } from "./text";
import { useVersion } from "./useSession";

/** Root, duration and counts; what is known before any span has come. */
export function Header({ id, session }: { id: string; session: Session }) {
  useVersion(session);
  const data = session.summary?.data;
  if (!data) return <header className="trace-head" aria-busy="true" />;
  const name = data.root ? text.title(data.root.service, data.root.name) : text.noRoot;
  return (
    <header className="trace-head">
      <h1 title={name}>{name}</h1>
      <strong className="trace-duration" title={`${exactCount(data.duration_ns)} ns`}>
        {duration(data.duration_ns)}
      </strong>
      <span title={fullTime(data.start_ns)} className="muted">
        {clock(data.start_ns)}
      </span>
      <span>{text.spans(data.spans, count(data.spans))}</span>
      <span>{text.services(data.services.length, count(data.services.length))}</span>
      <span className={data.errors > 0 ? "bad" : "muted"}>
        {data.errors > 0 ? text.errors(data.errors, count(data.errors)) : text.noErrors}
      </span>
      <span className={`state state-${data.state}`} title={text.stateHint[data.state]}>
        {text.state[data.state] ?? data.state}
      </span>
      <Button kind="quiet" className="mono trace-id" title={text.copyId} onClick={() => copy(id, en.copied)}>
        {id.slice(0, 8)}…{id.slice(-4)} <CopyIcon />
      </Button>
    </header>
  );
}

/** What is not whole about this trace, always in the same place. */
export function Banners({ session }: { session: Session }) {
  useVersion(session);
  const summary = session.summary;
  if (!summary) return null;
  const { data, meta } = summary;
  const lines: string[] = [];
  if (data.missing_parents > 0) lines.push(text.missing(data.missing_parents));
  if (data.roots > 1) lines.push(text.manyRoots(data.roots));
  if (data.duplicates > 0) lines.push(text.duplicates(data.duplicates));
  if (meta.truncated) lines.push(text.truncated(count(session.columns.rows), count(data.spans)));
  if (session.error && session.columns.rows > 0) lines.push(session.error.message);
  if (lines.length === 0) return null;
  return (
    <Banner tone="warn">
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </Banner>
  );
}
