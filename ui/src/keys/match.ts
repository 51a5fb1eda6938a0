/** Turns a key event into the text of the registry: `Mod+K`, `Shift+ArrowDown`, `?`, `g`. */
export interface KeyLike {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

const NAMES: Record<string, string> = { " ": "Space", Esc: "Escape" };
const BARE = new Set(["Control", "Meta", "Alt", "Shift", "AltGraph", "CapsLock", "Dead", "Unidentified"]);

export function keyText(event: KeyLike): string | null {
  if (BARE.has(event.key)) return null;
  const letter = event.key.length === 1;
  const name = NAMES[event.key] ?? (letter && (event.ctrlKey || event.metaKey) ? event.key.toUpperCase() : event.key);
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Mod");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && (!letter || parts.length > 0)) parts.push("Shift");
  return [...parts, name].join("+");
}

/** Tells whether the key is one character without Ctrl, Alt or Meta (WCAG 2.1.4 lets users turn those off). */
export function isSingleCharacter(keys: string): boolean {
  return keys.split(" ").every((part) => [...part].length === 1);
}

const TYPING = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const BUTTON_INPUTS = new Set(["checkbox", "radio", "button", "submit", "reset", "range"]);

interface TargetLike {
  tagName?: string;
  type?: string;
  isContentEditable?: boolean;
}

/** Tells whether keys typed there are text. */
export function isTextField(target: TargetLike | null): boolean {
  if (!target?.tagName) return false;
  if (target.isContentEditable) return true;
  return TYPING.has(target.tagName) && !(target.tagName === "INPUT" && BUTTON_INPUTS.has(target.type ?? "text"));
}
