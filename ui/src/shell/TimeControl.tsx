import { useState } from "react";
import { serverNow } from "../api/clock";
import { minute, offset } from "../format";
import { en } from "../i18n/en";
import { useCommands } from "../keys/useCommands";
import { Button, Popover } from "../kit";
import { absolute, isLive, PRESETS, pasteRange, presetOf, type Range, resolve, step, zoomOut } from "../url/time";
import { refresh, useRange } from "./window";

function unit(preset: string): string {
  return preset.replace(
    /[a-z]+$/,
    (letter) => ` ${{ m: en.unit.min, h: en.unit.hour, d: en.unit.day }[letter] ?? letter}`,
  );
}

/** What the button says: `Last 1 h`, or both ends with the day once. */
export function rangeLabel(range: Range, nowMs: number): string {
  const preset = presetOf(range);
  if (preset) return en.time.last(unit(preset));
  const { fromMs, toMs } = resolve(range, nowMs);
  const [from, to] = [minute(fromMs), isLive(range) ? range.to : minute(toMs)] as const;
  return `${from} – ${to.startsWith(from.slice(0, 10)) ? to.slice(11) : to}`;
}

const localText = (ms: number): string =>
  new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);

function Presets({ range, onPick }: { range: Range; onPick: (range: Range) => void }) {
  return (
    <div className="time-presets">
      {PRESETS.map((preset) => (
        <Button
          key={preset}
          aria-pressed={presetOf(range) === preset}
          onClick={() => onPick({ from: `now-${preset}`, to: "now" })}
        >
          {unit(preset)}
        </Button>
      ))}
    </div>
  );
}

function TimeForm({ range, onPick }: { range: Range; onPick: (range: Range) => void }) {
  const span = resolve(range, serverNow());
  const [from, setFrom] = useState(localText(span.fromMs));
  const [to, setTo] = useState(localText(span.toMs));
  const [pasted, setPasted] = useState("");
  const understood = pasted.trim() === "" ? null : pasteRange(pasted, serverNow());
  const fields = { fromMs: Date.parse(from), toMs: Date.parse(to) };
  const wrong = !(fields.fromMs < fields.toMs);
  const failed = pasted.trim() !== "" && !understood;
  return (
    <form
      className="time-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (understood) onPick(understood);
        else if (!failed && !wrong) onPick(absolute(fields));
      }}
    >
      <Presets range={range} onPick={onPick} />
      <label className="field">
        <span className="field-label">{en.time.paste}</span>
        <input
          className="input"
          value={pasted}
          placeholder={en.time.pasteHint}
          aria-invalid={failed}
          onChange={(event) => setPasted(event.target.value)}
        />
      </label>
      <p className="time-read" aria-live="polite">
        {understood ? rangeLabel(understood, serverNow()) : failed ? en.time.notUnderstood : ""}
      </p>
      <div className="time-fields">
        <label className="field">
          <span className="field-label">{en.time.from}</span>
          <input
            className="input"
            type="datetime-local"
            step="1"
            value={from}
            onChange={(e) => setFrom(e.target.value)}
          />
        </label>
        <label className="field">
          <span className="field-label">{en.time.to}</span>
          <input className="input" type="datetime-local" step="1" value={to} onChange={(e) => setTo(e.target.value)} />
        </label>
      </div>
      <div className="time-foot">
        <span className="muted">{wrong && !understood ? en.time.backwards : en.time.zone(offset(span.toMs))}</span>
        <Button kind="primary" type="submit">
          {en.time.apply}
        </Button>
      </div>
    </form>
  );
}

/** The one time control: presets, steps, zoom out, native fields and a field that reads what is pasted. */
export function TimeControl() {
  const [range, setRange] = useRange();
  const move = (next: Range): void => {
    refresh();
    setRange(next);
  };
  const back = (): void => move(step(range, -1, serverNow()));
  const forth = (): void => move(step(range, 1, serverNow()));
  const wider = (): void => move(zoomOut(range, serverNow()));
  const open = (): void => document.querySelector<HTMLButtonElement>(".time-button")?.click();
  const group = en.keys.global;
  useCommands([
    { id: "time", keys: ["t"], title: en.keys.time, group, run: open },
    { id: "earlier", keys: ["["], title: en.keys.earlier, group, run: back },
    { id: "later", keys: ["]"], title: en.keys.later, group, run: forth },
    { id: "zoom-out", keys: ["-"], title: en.keys.zoomOut, group, run: wider },
  ]);
  return (
    <div className="time">
      <Button kind="quiet" icon title={en.time.earlier} onClick={back}>
        ‹
      </Button>
      <Popover
        label={rangeLabel(range, serverNow())}
        aria-label={`${en.time.label}: ${rangeLabel(range, serverNow())}`}
        className="btn time-button"
        align="end"
      >
        {(close) => (
          <TimeForm
            range={range}
            onPick={(next) => {
              move(next);
              close();
            }}
          />
        )}
      </Popover>
      <Button kind="quiet" icon title={en.time.later} disabled={isLive(range)} onClick={forth}>
        ›
      </Button>
      <Button kind="quiet" icon title={en.time.zoomOut} className="time-wider" onClick={wider}>
        −
      </Button>
    </div>
  );
}
