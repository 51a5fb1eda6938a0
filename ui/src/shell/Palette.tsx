import { useNavigate } from "@tanstack/react-router";
import { useId, useMemo, useState } from "react";
import { en } from "../i18n/en";
import { useAllCommands } from "../keys/useCommands";
import { Dialog, Kbd } from "../kit";
import { findTrace } from "../url/paste";
import { useGo } from "./go";
import { recentTraces } from "./recent";

interface Item {
  id: string;
  title: string;
  group: string;
  keys?: string;
  run: () => void;
}

function useItems(text: string, open: boolean): Item[] {
  const commands = useAllCommands();
  const go = useGo();
  const navigate = useNavigate();
  return useMemo(() => {
    if (!open) return [];
    const found = findTrace(text);
    const first: Item[] = found
      ? [{ id: "trace", title: en.palette.trace(found.traceId), group: en.palette.pages, run: () => go(text) }]
      : [];
    const shown = commands.filter((c) => !c.hidden && c.id !== "palette" && (c.enabled?.() ?? true));
    const actions = shown.map((c) => ({ ...c, keys: c.keys?.[0], run: () => c.run() }));
    const recent = recentTraces().map((one) => ({
      id: `recent-${one.id}`,
      title: one.label ? `${one.label}  ${one.id.slice(0, 8)}` : one.id,
      group: en.palette.recent,
      run: () => void navigate({ to: "/trace/$id", params: { id: one.id } }),
    }));
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const matching = [...actions, ...recent].filter((item) => {
      const line = `${item.group} ${item.title} ${item.id}`.toLowerCase();
      return words.every((word) => line.includes(word));
    });
    return [...first, ...matching].slice(0, 40);
  }, [text, open, commands, go, navigate]);
}

/** Pages, actions and recent traces by typing (Mod+K). */
export function Palette({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const items = useItems(text, open);
  const list = useId();
  const close = (): void => {
    setText("");
    setAt(0);
    onClose();
  };
  const run = (item: Item | undefined): void => {
    close();
    item?.run();
  };
  const move = (by: number): void => {
    const next = (at + by + items.length) % Math.max(1, items.length);
    setAt(next);
    document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <Dialog open={open} onClose={close} title={en.palette.title} bare>
      <input
        className="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={items[at] ? `${list}-${at}` : undefined}
        aria-label={en.palette.title}
        placeholder={en.palette.placeholder}
        autoFocus
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            move(event.key === "ArrowDown" ? 1 : -1);
          } else if (event.key === "Enter") {
            event.preventDefault();
            run(items[at]);
          }
        }}
      />
      <div id={list} role="listbox" aria-label={en.palette.title} className="palette-list">
        {items.map((item, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the combobox above
          <div
            key={item.id}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className="palette-item"
            onClick={() => run(item)}
            onPointerMove={() => setAt(index)}
          >
            <span className="palette-group">{item.group}</span>
            <span className="palette-title">{item.title}</span>
            {item.keys && <Kbd keys={item.keys} />}
          </div>
        ))}
      </div>
      {items.length === 0 && <p className="palette-none">{en.palette.empty(text)}</p>}
    </Dialog>
  );
}
