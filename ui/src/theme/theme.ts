import { useSyncExternalStore } from "react";
import { PALETTES, type Palette, type ThemeName } from "./tokens";

const KEY = "clew.theme";
const listeners = new Set<() => void>();
const system = globalThis.matchMedia?.("(prefers-color-scheme: dark)");

export type ThemeChoice = ThemeName | "system";

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

let choice: ThemeChoice = globalThis.localStorage ? stored() : "system";

function announce(): void {
  const root = document.documentElement;
  if (choice === "system") delete root.dataset.theme;
  else root.dataset.theme = choice;
  for (const listener of listeners) listener();
}

/** Returns the theme on screen: what the user chose, else what the system prefers. */
export function currentTheme(): ThemeName {
  if (choice !== "system") return choice;
  return system?.matches ? "dark" : "light";
}

/** Returns the colours on screen now, for canvases. */
export function palette(): Palette {
  return PALETTES[currentTheme()];
}

export function setTheme(next: ThemeChoice): void {
  choice = next;
  try {
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Private windows may refuse storage; the choice then lasts for this page.
  }
  announce();
}

/** Switches to the other theme; switching back to what the system prefers means following the system again. */
export function toggleTheme(): void {
  const next: ThemeName = currentTheme() === "dark" ? "light" : "dark";
  setTheme(next === (system?.matches ? "dark" : "light") ? "system" : next);
}

/** Applies the stored choice and follows the system; called once before the first render. */
export function startTheme(): void {
  system?.addEventListener("change", announce);
  announce();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The theme on screen; re-renders when it changes. */
export function useTheme(): ThemeName {
  return useSyncExternalStore(subscribe, currentTheme);
}
