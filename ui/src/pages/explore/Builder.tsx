import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { fieldsRead, operationsRead, servicesRead, type WindowText } from "../../api/reads";
import { Button, Select } from "../../kit";
import { readSlot, rowIndexes, type Slot, writeSlot } from "../../url/chips";
import { KINDS, STATUSES } from "../../url/literals";
import type { Filter } from "../../url/traceql";
import { AttributeRow } from "./AttributeRow";
import { texts } from "./texts";

interface Props {
  filters: readonly Filter[];
  window: WindowText;
  onChange: (filters: readonly Filter[]) => void;
}

interface SlotProps extends Props {
  slot: Slot;
  options?: readonly string[];
  placeholder?: string;
}

/** A text field of the form; what is typed counts when the field is left or Enter is pressed. */
function SlotField({ slot, filters, onChange, options, placeholder = texts.any }: SlotProps) {
  const current = readSlot(filters, slot);
  const [draft, setDraft] = useState<string | null>(null);
  const [wrong, setWrong] = useState(false);
  const list = useId();
  const commit = (text: string): void => {
    if (text === current) {
      setDraft(null);
      return;
    }
    const next = writeSlot(filters, slot, text);
    setWrong(next === null);
    if (!next) return;
    setDraft(null);
    onChange(next);
  };
  return (
    <label className="field">
      <span className="field-label">{texts.slots[slot]}</span>
      <input
        className="input"
        value={draft ?? current}
        placeholder={placeholder}
        aria-invalid={wrong}
        list={options ? list : undefined}
        spellCheck={false}
        onChange={(event) => {
          setDraft(event.target.value);
          setWrong(false);
          if (options?.includes(event.target.value)) commit(event.target.value);
        }}
        onBlur={() => draft !== null && commit(draft)}
        onKeyDown={(event) => event.key === "Enter" && commit(draft ?? current)}
      />
      {options && (
        <datalist id={list}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
      {wrong && <span className="field-wrong">{texts.badDuration}</span>}
    </label>
  );
}

function SlotSelect({ slot, filters, onChange, options }: SlotProps & { options: readonly string[] }) {
  return (
    <Select
      label={texts.slots[slot]}
      value={readSlot(filters, slot)}
      choices={[{ value: "", label: texts.any }, ...options.map((value) => ({ value, label: value }))]}
      onChange={(value) => onChange(writeSlot(filters, slot, value)!)}
    />
  );
}

/** The search form: a view of the same filters as the text and the chips. */
export function Builder({ filters, window, onChange }: Props) {
  const [adding, setAdding] = useState(0);
  const service = readSlot(filters, "service");
  const services = useQuery(servicesRead(window)).data?.data ?? [];
  const operations = useQuery(operationsRead(service, window)).data?.data ?? [];
  const fields = useQuery(fieldsRead(window)).data?.data ?? [];
  const shared = { filters, window, onChange };
  const rows = rowIndexes(filters);
  return (
    <div className="builder">
      <div className="builder-slots">
        <SlotField {...shared} slot="service" options={services.map((row) => row.service)} />
        <SlotField {...shared} slot="operation" options={[...new Set(operations.map((row) => row.name))]} />
        <SlotSelect {...shared} slot="kind" options={KINDS} />
        <SlotSelect {...shared} slot="status" options={STATUSES} />
        <SlotField {...shared} slot="min" placeholder={texts.durationHint} />
        <SlotField {...shared} slot="max" placeholder={texts.durationHint} />
      </div>
      {rows.map((at) => (
        <AttributeRow
          key={`${at}-${rows.length}`}
          filter={filters[at]!}
          fields={fields}
          window={window}
          onChange={(next) => onChange(next ? filters.with(at, next) : filters.toSpliced(at, 1))}
        />
      ))}
      {adding > 0 && (
        <AttributeRow
          key={`new-${adding}`}
          filter={null}
          fields={fields}
          window={window}
          onChange={(next) => {
            setAdding(0);
            if (next) onChange([...filters, next]);
          }}
        />
      )}
      <div>
        <Button kind="quiet" disabled={adding > 0} onClick={() => setAdding(adding + 1)}>
          + {texts.addRow}
        </Button>
      </div>
    </div>
  );
}
