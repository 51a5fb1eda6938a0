import { Button } from "../../kit";
import { chipText, printFilter } from "../../url/chips";
import type { Filter } from "../../url/traceql";
import { texts } from "./texts";

interface Props {
  filters: readonly Filter[];
  onChange: (filters: readonly Filter[]) => void;
}

/** One chip per condition; each can be removed. */
export function Chips({ filters, onChange }: Props) {
  if (filters.length === 0) return null;
  const keyed = filters.map((filter, at) => ({ filter, at, key: `${at} ${printFilter(filter)}` }));
  return (
    <ul className="chips" aria-label={texts.chipsLabel}>
      {keyed.map(({ filter, at, key }) => (
        <li key={key} className="chip">
          <span title={printFilter(filter)}>{chipText(filter)}</span>
          <button
            type="button"
            aria-label={texts.remove(chipText(filter))}
            onClick={() => onChange(filters.toSpliced(at, 1))}
          >
            ✕
          </button>
        </li>
      ))}
      {filters.length > 1 && (
        <li>
          <Button kind="quiet" onClick={() => onChange([])}>
            {texts.clear}
          </Button>
        </li>
      )}
    </ul>
  );
}
