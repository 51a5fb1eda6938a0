import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { serverNow } from "../api/clock";
import { statusRead } from "../api/reads";
import { age, nsToMs } from "../format";
import { en } from "../i18n/en";

const AMBER_MS = 10_000;
const RED_MS = 60_000;

/** How fresh the data is, in word and tone; pure, so that it can be tested. */
export function freshness(newestNs: string | null | undefined, nowMs: number): { tone: string; text: string } {
  if (newestNs == null) return { tone: "none", text: en.fresh.empty };
  const old = Math.max(0, nowMs - nsToMs(newestNs));
  return { tone: old > RED_MS ? "error" : old > AMBER_MS ? "warn" : "ok", text: age(old) };
}

/** The age of the newest span; links to the pipeline page. */
export function Fresh() {
  const { data, isError } = useQuery(statusRead);
  const state = isError ? { tone: "error", text: en.fresh.offline } : freshness(data?.data.newest_span_ns, serverNow());
  const title = isError ? en.fresh.down : data?.data.newest_span_ns ? en.fresh.title(state.text) : en.fresh.none;
  return (
    <Link to="/pipeline" className={`fresh fresh-${state.tone}`} title={title}>
      <span className="fresh-dot" aria-hidden="true" />
      <span>{data || isError ? state.text : "…"}</span>
    </Link>
  );
}
