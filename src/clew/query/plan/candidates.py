"""Candidates of a search that is more than one conjunction: traces that have what the answer must have."""

from __future__ import annotations

from collections.abc import Sequence

from clew.model import BUCKET_S
from clew.query.answer import Window
from clew.query.hydrate import of_traces
from clew.query.index import NS_PER_S, IndexedTrace
from clew.query.params import Params
from clew.query.plan.fieldsql import FieldSql
from clew.query.plan.necessity import ANY_TRACE, All, Formula, Some, conditions, formula
from clew.query.predicates import Days, UseIndex, narrowed, slim_enough
from clew.query.read import Read
from clew.query.scan import CAP, Candidate, Scan, Span, merged
from clew.query.traceql.ast import FieldExpr, Pipeline
from clew.query.traceql.lower import conjunction_of

MOST_TRACES = 5_000_000
"""Most traces of a window."""


def in_window(read: Read, pipeline: Pipeline, window: Window, params: Params) -> str:
    """Return a SELECT of the ids of all traces that reach into a window and have what an answer must have."""
    inside = (
        f"SELECT trace_id FROM trace_index WHERE tenant = {{tenant:String}} AND day >= {params.day(window.from_ns)} "
        f"AND day <= {params.day(window.to_ns)} AND first <= {params.time(window.to_ns)} "
        f"AND last >= {params.time(window.from_ns)}"
    )
    wanted = formula(pipeline)
    if wanted == ANY_TRACE:
        return f"{inside} GROUP BY trace_id"
    edges = read.query(
        f"SELECT toUnixTimestamp(min(min_bucket)) AS low, toUnixTimestamp(max(max_bucket)) AS high "
        f"FROM trace_index WHERE tenant = {{tenant:String}} AND trace_id IN ({inside})",
        params.values,
    ).to_pylist()[0]
    span = Span(edges["low"] * NS_PER_S, (edges["high"] + BUCKET_S) * NS_PER_S - 1)
    return FormulaScan(read, wanted).statement(params, span, f" AND trace_id IN ({inside})", "1", MOST_TRACES)


class FormulaScan:
    """Looks for traces in which every condition of a formula holds on some span.

    Where several must hold, they may lie in different windows. So every window is read up to the top again, and traces
    count to the window in which their earliest hit lies: whatever starts within the windows so far has shown all.
    Windows grow, so that costs about as much again as the last one.
    """

    whole_traces = False

    def __init__(self, read: Read, formula: Formula, cap: int = CAP) -> None:
        self.read = read
        self.cap = cap
        self._formula = formula
        self._conditions = conditions(formula)
        self._top = 0
        lowered = [conjunction_of(one) for one in self._conditions]
        slim = all(items is not None and slim_enough(items) for items in lowered)
        self.table = "span_by_service" if slim else "spans"
        self.indexed = not slim and all(items and any(narrowed(one) for one in items) for items in lowered)

    def range(self, span: Span, *, behind: Candidate | None = None) -> list[Candidate]:
        """Return up to `cap` traces whose first hit in the range lies behind `behind`."""
        self._top = max(self._top, span.high)
        params = Params()
        having = f"seen <= {params.bind(span.high, 'Int64')}"
        if behind is not None:
            seen, trace = params.bind(behind.seen, "Int64"), params.bind(behind.trace_id, "FixedString(16)")
            having += f" AND (seen, trace_id) < ({seen}, {trace})"
        wide = Span(span.low, self._top) if isinstance(self._formula, All) else span
        return self._run(params, wide, "", having, self.cap)

    def of(self, traces: Sequence[IndexedTrace], span: Span) -> list[Candidate]:
        """Return which of these traces have all hits, wherever they lie."""
        if not traces or span.low > span.high:
            return []
        params = Params()
        low = min(trace.min_bucket for trace in traces) * NS_PER_S
        high = (max(trace.max_bucket for trace in traces) + BUCKET_S) * NS_PER_S - 1
        return self._run(params, Span(low, high), f" AND {of_traces(traces, params)}", "1", len(traces))

    def _run(self, params: Params, span: Span, extra: str, having: str, cap: int) -> list[Candidate]:
        table = self.read.query(self.statement(params, span, extra, having, cap), params.values)
        found = zip(table.column("seen").to_pylist(), table.column("trace_id").to_pylist(), strict=True)
        return [Candidate(seen, trace_id) for seen, trace_id in found]

    def statement(self, params: Params, span: Span, extra: str, having: str, cap: int) -> str:
        """Return the SQL of one scan."""
        first, last = (params.seconds(bucket) for bucket in span.buckets)
        days = Days(params.day(span.low), params.day(span.high))
        fields = FieldSql(params, days, UseIndex.BESIDE)
        tests = {one: fields.condition(one) for one in self._conditions}
        joins = fields.joins.sql(params, days)
        some = " OR ".join(f"({test})" for test in tests.values())
        holds = f" AND {self._holds(self._formula, tests)}" if isinstance(self._formula, All) else ""
        return f"""
            {fields.prologue} SELECT trace_id, min(toUnixTimestamp64Nano(start)) AS seen FROM {self.table} {joins}
            WHERE tenant = {{tenant:String}} AND bucket >= {first} AND bucket <= {last}
                AND start >= {params.time(span.low)} AND start <= {params.time(span.high)} AND ({some}){extra}
            GROUP BY trace_id HAVING {having}{holds} ORDER BY seen DESC, trace_id DESC LIMIT {cap}
        """

    def _holds(self, formula: Formula, tests: dict[FieldExpr, str]) -> str:
        if isinstance(formula, Some):
            return f"max({tests[formula.where]})"
        joined = " AND " if isinstance(formula, All) else " OR "
        return "(" + joined.join(self._holds(part, tests) for part in formula.parts) + ")"


class UnionScan:
    """Candidates of several conjunctions, each of which the attribute index answers."""

    whole_traces = False
    indexed = True
    table = "spans"
    cap = CAP

    def __init__(self, scans: Sequence[Scan]) -> None:
        self._scans = scans

    def range(self, span: Span, *, behind: Candidate | None = None) -> list[Candidate]:
        """Return up to `CAP` traces; each scan tells its latest, so the latest of all are among them."""
        return merged([one for scan in self._scans for one in scan.range(span, behind=behind)])[:CAP]

    def of(self, traces: Sequence[IndexedTrace], span: Span) -> list[Candidate]:
        """Return which of these traces have a hit in the range."""
        return merged([one for scan in self._scans for one in scan.of(traces, span)])
