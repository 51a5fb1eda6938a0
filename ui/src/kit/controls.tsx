import type { ReactNode, SelectHTMLAttributes } from "react";
import { useId } from "react";

export interface Choice<T extends string> {
  value: T;
  label: string;
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  choices: readonly Choice<T>[];
  onChange: (value: T) => void;
}

/** A few exclusive choices side by side; native radio buttons underneath. */
export function Segmented<T extends string>({ label, value, choices, onChange }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset className="segmented">
      <legend className="sr">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value} className={choice.value === value ? "on" : ""}>
          <input
            type="radio"
            className="sr"
            name={name}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          {choice.label}
        </label>
      ))}
    </fieldset>
  );
}

/** Tabs with arrow keys; the panel is the caller's, with `role=tabpanel` and the id `${id}-panel`. */
export function Tabs<T extends string>({ id, label, value, choices, onChange }: ChoiceProps<T> & { id: string }) {
  const move = (by: number): void => {
    const at = choices.findIndex((c) => c.value === value);
    const next = choices[(at + by + choices.length) % choices.length]!;
    onChange(next.value);
    document.getElementById(`${id}-${next.value}`)?.focus();
  };
  return (
    <div role="tablist" aria-label={label} className="tabs">
      {choices.map((choice) => (
        <button
          key={choice.value}
          id={`${id}-${choice.value}`}
          type="button"
          role="tab"
          aria-selected={choice.value === value}
          aria-controls={`${id}-panel`}
          tabIndex={choice.value === value ? 0 : -1}
          onClick={() => onChange(choice.value)}
          onKeyDown={(event) => {
            if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
            event.stopPropagation();
            move(event.key === "ArrowRight" ? 1 : -1);
          }}
        >
          {choice.label}
        </button>
      ))}
    </div>
  );
}

export function Switch({ label, on, onChange }: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="switch">
      <input
        type="checkbox"
        role="switch"
        checked={on}
        aria-checked={on}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

interface SelectProps<T extends string> extends ChoiceProps<T> {
  hideLabel?: boolean;
  rest?: SelectHTMLAttributes<HTMLSelectElement>;
}

export function Select<T extends string>({ label, value, choices, onChange, hideLabel, rest }: SelectProps<T>) {
  return (
    <label className="field">
      <span className={hideLabel ? "sr" : "field-label"}>{label}</span>
      <select className="input" value={value} onChange={(event) => onChange(event.target.value as T)} {...rest}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** One key or a sequence of keys as a hint. */
export function Kbd({ keys }: { keys: string }) {
  const mac = typeof navigator !== "undefined" && /Mac|iP/.test(navigator.platform);
  const text = keys
    .replace("Mod+", mac ? "⌘" : "Ctrl+")
    .replace(/Arrow(Up|Down|Left|Right)/, (_, d: string) => ARROWS[d]!);
  return <kbd className="kbd">{text}</kbd>;
}

const ARROWS: Record<string, string> = { Up: "↑", Down: "↓", Left: "←", Right: "→" };

/** A line of the banner slot: partial, stale, denied. */
export function Banner({
  tone,
  children,
  action,
}: {
  tone: "warn" | "error" | "ok" | "info";
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={`banner banner-${tone}`} role={tone === "error" ? "alert" : "status"}>
      <span aria-hidden="true">{SIGNS[tone]}</span>
      <div className="banner-text">{children}</div>
      {action}
    </div>
  );
}

const SIGNS = { warn: "⚠", error: "✕", ok: "✓", info: "ℹ" } as const;

/** What stands where data would be: the cause and what to do next. */
export function EmptyState({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children && <div className="empty-text">{children}</div>}
      {action && <div className="empty-action">{action}</div>}
    </div>
  );
}

export function Skeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: rows }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: all rows are the same
        <div key={at} className="skeleton-row" />
      ))}
    </div>
  );
}
