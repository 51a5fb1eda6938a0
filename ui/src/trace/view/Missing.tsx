import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { call } from "../../api/client";
import { sentence } from "../../format";
import { Button, EmptyState } from "../../kit";
import { text } from "./text";

const t = text.missingTrace;
const PENDING_MS = 2000;

/** Why a trace is not here and what to do: never a dead end. */
export function Missing({ id, again }: { id: string; again: () => void }) {
  const { data } = useQuery({
    queryKey: ["where", id],
    queryFn: async ({ signal }) => {
      const where = (await call("GET /traces/{trace_id}/where", { path: { trace_id: id }, signal })).data;
      if (where.state === "stored") again();
      return where;
    },
    refetchInterval: (query) => (query.state.data?.state === "pending" ? PENDING_MS : false),
    retry: false,
  });
  return (
    <>
      <h1 className="sr">{t.heading}</h1>
      <EmptyState
        title={t.title(id)}
        action={
          <>
            <Button kind="primary" onClick={again}>
              {t.again}
            </Button>
            <Link className="btn" to="/explore">
              {t.search}
            </Link>
            <Link className="btn" to="/pipeline">
              {t.pipeline}
            </Link>
          </>
        }
      >
        <p>{data ? (t.states[data.state] ?? data.detail) : t.unknown}</p>
        {data?.hint && <p className="muted">{sentence(data.hint)}</p>}
      </EmptyState>
    </>
  );
}
