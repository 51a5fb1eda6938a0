import { useEffect, useRef, useSyncExternalStore } from "react";
import { type Command, Registry } from "./registry";

/** The one registry of the page; keys, palette and help read it. */
export const registry = new Registry();

const PREFERENCE = "clew.single-keys";

/** Makes the commands available while the component is mounted; `run` may close over fresh state. */
export function useCommands(commands: readonly Command[], base = false): void {
  const latest = useRef(commands);
  latest.current = commands;
  const shape = commands.map((c) => `${c.id} ${c.keys?.join()} ${c.title}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for the commands; run and enabled are read through the ref
  useEffect(() => {
    const at = (id: string): Command | undefined => latest.current.find((c) => c.id === id);
    return registry.register(
      latest.current.map((c) => ({
        ...c,
        run: (event) => at(c.id)?.run(event),
        enabled: () => at(c.id)?.enabled?.() ?? true,
      })),
      base,
    );
  }, [shape, base]);
}

export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore(registry.subscribe, registry.list);
}

/** Starts listening; keys inside an open dialog belong to the dialog unless a command says otherwise. */
export function startKeys(): () => void {
  registry.singleKeys = localStorage.getItem(PREFERENCE) !== "off";
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (target?.closest("dialog[open]")) return;
    if (registry.handle(event, target)) event.preventDefault();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

export function setSingleKeys(on: boolean): void {
  registry.singleKeys = on;
  localStorage.setItem(PREFERENCE, on ? "on" : "off");
}
