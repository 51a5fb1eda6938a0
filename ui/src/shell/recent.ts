const KEY = "clew.recent";
const MOST = 12;

export interface Recent {
  id: string;
  label: string;
}

/** The traces opened last in this browser, newest first. */
export function recentTraces(): Recent[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list.filter((one) => typeof one?.id === "string") : [];
  } catch {
    return [];
  }
}

/** Remembers a trace; a label once known is kept. */
export function rememberTrace(id: string, label = ""): void {
  const before = recentTraces();
  const known = before.find((one) => one.id === id)?.label ?? "";
  const next = [{ id, label: label || known }, ...before.filter((one) => one.id !== id)].slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Without storage the list is just empty next time.
  }
}
