import { useQuery } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import { valuesRead, type WindowText } from "../../api/reads";
import type { FieldRow } from "../../api/types";
import { Button, Select } from "../../kit";
import { guessValue, parseField } from "../../url/chips";
import { printValue } from "../../url/literals";
import { type Filter, OPERATORS, type Op, parseQuery, printField, printFilter } from "../../url/traceql";
import { texts } from "./texts";

interface Props {
  /** Null while the row is new. */
  filter: Filter | null;
  fields: readonly FieldRow[];
  window: WindowText;
  onChange: (filter: Filter | null) => void;
}

const LEVELS = new Set(["span", "resource", "event", "link"]);
const INTRINSIC_CHOICES = ["statusMessage", "event:name", "rootServiceName", "rootName", "traceDuration"];

function fieldText(row: FieldRow): string {
  return printField({ scope: row.level as "span", key: row.key });
}

/** Text and type of a value: strings without quotes, since the type is known from the catalogue or its look. */
function valueText(filter: Filter | null): string {
  if (!filter) return "";
  if (filter.value.type !== "string") return printValue(filter.value);
  const again = guessValue(filter, filter.op, filter.value.value);
  return again.type === "string" ? filter.value.value : printValue(filter.value);
}

/** Null when the three texts are no condition yet. */
function build(field: string, op: Op, value: string, types?: readonly string[]): Filter | null {
  const place = parseField(field);
  if (!place || value === "") return null;
  const filter: Filter = { ...place, op, value: guessValue(place, op, value, types) };
  try {
    parseQuery(`{ ${printFilter(filter)} }`);
    return filter;
  } catch {
    return null;
  }
}

/** One attribute condition: field, operator, value, each with what is stored as suggestions. */
export function AttributeRow({ filter, fields, window, onChange }: Props) {
  const [field, setField] = useState(filter ? printField(filter) : "");
  const [op, setOp] = useState<Op>(filter?.op ?? "=");
  const [value, setValue] = useState(valueText(filter));
  const valueInput = useRef<HTMLInputElement>(null);
  const [fieldList, valueList] = [useId(), useId()];
  const known = fields.find((row) => fieldText(row) === field.trim() || `.${row.key}` === field.trim());
  const values = useQuery({
    ...valuesRead(known?.level ?? "", known?.key ?? "", "", window),
    enabled: known !== undefined,
  });
  const stored = values.data?.data;
  const commit = (next: { op?: Op; value?: string } = {}): void => {
    const built = build(field, next.op ?? op, next.value ?? value, known?.types);
    if (built && (!filter || printFilter(built) !== printFilter(filter))) onChange(built);
  };
  const onEnter = (event: { key: string }): void => {
    if (event.key === "Enter") commit();
  };
  return (
    <div className="attr">
      <label className="field attr-field">
        <span className="sr">{texts.attribute}</span>
        <input
          className="input mono"
          list={fieldList}
          value={field}
          placeholder={texts.fieldHint}
          spellCheck={false}
          // biome-ignore lint/a11y/noAutofocus: the row was just asked for
          autoFocus={filter === null}
          onChange={(event) => setField(event.target.value)}
          onBlur={() => commit()}
          onKeyDown={(event) => event.key === "Enter" && valueInput.current?.focus()}
        />
        <datalist id={fieldList}>
          {fields
            .filter((row) => LEVELS.has(row.level))
            .map((row) => (
              <option key={`${row.level}.${row.key}`} value={fieldText(row)} />
            ))}
          {INTRINSIC_CHOICES.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </label>
      <Select
        label={texts.operator}
        hideLabel
        value={op}
        choices={OPERATORS.map((one) => ({ value: one, label: one }))}
        onChange={(next) => {
          setOp(next);
          commit({ op: next });
        }}
      />
      <label className="field attr-value">
        <span className="sr">{texts.valueOf(field)}</span>
        <input
          ref={valueInput}
          className="input mono"
          list={valueList}
          value={value}
          placeholder={texts.value}
          title={stored?.more ? texts.moreValues : undefined}
          spellCheck={false}
          onChange={(event) => {
            setValue(event.target.value);
            if (stored?.values.some((one) => String(one.value) === event.target.value))
              commit({ value: event.target.value });
          }}
          onBlur={() => commit()}
          onKeyDown={onEnter}
        />
        <datalist id={valueList}>
          {stored?.values.slice(0, 200).map((one) => (
            <option key={`${one.type} ${one.value}`} value={String(one.value)} />
          ))}
        </datalist>
      </label>
      <Button kind="quiet" icon title={texts.removeRow} onClick={() => onChange(null)}>
        ✕
      </Button>
    </div>
  );
}
