import { useEffect, useState, useSyncExternalStore } from "react";
import { loadTrace } from "../load";
import { Session } from "./session";

const REFRESH_MS = 2000;

/** Loads a trace into a session and follows it while it is open; a new `gen` loads beside and swaps. */
export function useTrace(id: string): Session {
  const [session, setSession] = useState(() => new Session());
  const [loaded, setLoaded] = useState(id);
  if (loaded !== id) {
    setLoaded(id);
    setSession(new Session());
  }
  useEffect(() => {
    const stop = new AbortController();
    void follow(id, session, stop.signal);
    return () => stop.abort();
  }, [id, session]);
  return session;
}

function load(id: string, session: Session, signal: AbortSignal): Promise<void> {
  const arrival = {
    summary: session.setSummary.bind(session),
    rows: session.setRows.bind(session),
    ids: () => session.changed("head"),
  };
  return loadTrace(id, signal, arrival, session.complete ? session.columns : undefined);
}

async function follow(id: string, session: Session, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await load(id, session, signal);
      session.error = null;
    } catch (error) {
      if (signal.aborted) return;
      session.error = error instanceof Error ? error : new Error(String(error));
      session.changed("head");
      if (!session.complete) return;
    }
    if (session.summary?.data.state !== "open") return;
    await new Promise((done) => setTimeout(done, REFRESH_MS));
  }
}

/** Re-renders when the session has changed. */
export function useVersion(session: Session): number {
  return useSyncExternalStore(session.subscribe, session.snapshot);
}
