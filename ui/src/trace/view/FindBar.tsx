import { type RefObject, useEffect, useState } from "react";
import { count } from "../../format";
import { Button, Segmented } from "../../kit";
import { printString } from "../../url/literals";
import { matchRows } from "../load";
import { type FindMode, MODES, nextOf, plan } from "../model/search";
import type { Session } from "./session";
import { text } from "./text";
import { useVersion } from "./useSession";

const MOST_CHIPS = 8;
const TYPING_MS = 150;

/** Looks for what is typed: columns at once, attributes when the server has answered. */
function useFind(id: string, session: Session, typed: string, mode: FindMode): boolean {
  const [missed, setMissed] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      session.setFind(typed, mode);
      setMissed(false);
      const server = plan(session.columns, typed)?.server;
      if (!server) return;
      matchRows(id, server, stop.signal).then(
        (rows) => !stop.signal.aborted && session.setFind(typed, mode, rows),
        () => !stop.signal.aborted && setMissed(true),
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [id, session, typed, mode]);
  return missed;
}

interface Props {
  id: string;
  session: Session;
  typed: string;
  mode: FindMode;
  onChange: (typed: string, mode: FindMode) => void;
  jump: (by: 1 | -1) => void;
  field: RefObject<HTMLInputElement | null>;
}

/** The find box, its modes and one chip per service. */
export function FindBar({ id, session, typed, mode, onChange, jump, field }: Props) {
  useVersion(session);
  const missed = useFind(id, session, typed, mode);
  const { found } = session;
  const at =
    found && session.selected >= 0 && found.mask[session.selected] ? found.rows.indexOf(session.selected) + 1 : 0;
  const said = session.findError ?? (found ? told(at, found.rows.length) : "");
  return (
    <div className="find" role="search" aria-label={text.find}>
      <input
        ref={field}
        type="search"
        className="input find-input"
        aria-label={text.find}
        placeholder={text.find}
        title={text.findHint}
        value={typed}
        onChange={(event) => onChange(event.target.value, mode)}
        onKeyDown={(event) => {
          if (event.key === "Enter") jump(event.shiftKey ? -1 : 1);
          if (event.key !== "Escape") return;
          event.preventDefault(); // a search field would be cleared, and n would find nothing
          event.currentTarget.blur();
        }}
      />
      {typed && (
        <>
          <span className={session.findError ? "find-said bad" : "find-said"} role="status">
            {said}
            {missed && ` ${text.attributesMissed}`}
          </span>
          <Button icon kind="quiet" title={text.previous} onClick={() => jump(-1)}>
            ↑
          </Button>
          <Button icon kind="quiet" title={text.next} onClick={() => jump(1)}>
            ↓
          </Button>
          <Segmented
            label={text.findMode}
            value={mode}
            choices={MODES.map((value) => ({ value, label: text.mode[value] }))}
            onChange={(next) => onChange(typed, next)}
          />
        </>
      )}
      <Chips session={session} typed={typed} pick={(q) => onChange(q, mode)} />
    </div>
  );
}

function told(at: number, all: number): string {
  if (all === 0) return text.noMatch;
  return at > 0 ? text.of(count(at), count(all)) : count(all);
}

function Chips({ session, typed, pick }: { session: Session; typed: string; pick: (q: string) => void }) {
  const data = session.summary?.data;
  if (!data) return null;
  const shown = data.services.toSorted((a, b) => b.spans - a.spans).slice(0, MOST_CHIPS);
  const chip = (q: string, label: string, amount: number, title: string, bad = false) => (
    <button
      key={q}
      type="button"
      className={`chip${q === typed ? " on" : ""}${bad ? " bad" : ""}`}
      aria-pressed={q === typed}
      title={title}
      onClick={() => pick(q === typed ? "" : q)}
    >
      {label} <span className="muted">{count(amount)}</span>
    </button>
  );
  return (
    <div className="chips">
      {data.errors > 0 && chip("{ status = error }", `✕ ${text.onlyErrors}`, data.errors, text.onlyErrors, true)}
      {data.services.length > 1 &&
        shown.map(({ service, spans }) =>
          chip(
            `{ resource.service.name = ${printString(service)} }`,
            service,
            spans,
            text.serviceChip(service, count(spans)),
          ),
        )}
    </div>
  );
}

/** Selects the next or previous match. */
export function jumpTo(session: Session, rows: ArrayLike<number>, by: 1 | -1): void {
  const row = nextOf(rows, session.selected, by);
  if (row >= 0) session.reveal(row);
}
