import { useSyncExternalStore } from "react";

interface Note {
  id: number;
  text: string;
}

let notes: readonly Note[] = [];
let next = 1;
const listeners = new Set<() => void>();

function change(to: readonly Note[]): void {
  notes = to;
  for (const listener of listeners) listener();
}

/** Says something for a few seconds, and to screen readers. */
export function toast(text: string, ms = 4000): void {
  const note = { id: next++, text };
  change([...notes.slice(-2), note]);
  setTimeout(() => change(notes.filter((one) => one !== note)), ms);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => notes,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((note) => (
        <div key={note.id} className="toast">
          {note.text}
        </div>
      ))}
    </div>
  );
}

/** Copies text and says so; where the clipboard is closed, shows the text to copy by hand. */
export async function copy(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch {
    toast(text, 15_000);
  }
}
