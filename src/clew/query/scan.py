"""Candidates of a search: traces with a matching span in a range of time, newest first, from the cheapest table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clew.model import BUCKET_S
from clew.query.filters import Filter
from clew.query.hits import COLUMN, Hits
from clew.query.index import NS_PER_S, IndexedTrace
from clew.query.params import Params
from clew.query.predicates import Days, Predicates, UseIndex, decided, narrowed, slim_enough, split_trace_filters
from clew.query.read import Read
from clew.query.tracefilters import prefilter
from clew.store.errors import QueryError
from clew.store.failures import MISSING_INDEX
from clew.store.housekeeping import parts_without_index

CAP = 1000
"""Most candidates that one scan returns, where it has no other bound; the next scan goes on behind them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trace with a matching span; the trace starts at `seen` or before."""

    seen: int
    trace_id: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """A range of span starts, both ends included."""

    low: int
    high: int

    @property
    def buckets(self) -> tuple[int, int]:
        """First and last bucket, in seconds."""
        return (floor_bucket(self.low), floor_bucket(self.high))


def floor_bucket(ns: int) -> int:
    """Return the bucket that a start belongs to, in seconds."""
    return ns // NS_PER_S // BUCKET_S * BUCKET_S


def merged(found: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates of several scans, each trace once, latest first.

    Of two hits the later counts: a trace starts at that or before, and a full scan hides nothing above its last.
    """
    seen: dict[bytes, int] = {}
    for one in found:
        seen[one.trace_id] = max(one.seen, seen.get(one.trace_id, 0))
    return [Candidate(start, one) for start, one in sorted(((seen[one], one) for one in seen), reverse=True)]


class Scan:
    """Looks for candidates of one conjunction."""

    def __init__(self, read: Read, filters: Sequence[Filter], cap: int = CAP) -> None:
        self.read = read
        self.cap = cap
        self.of_span, self.of_trace = split_trace_filters(filters)
        self.whole_traces = not self.of_span
        """No filter looks at a span: the trace index itself is scanned."""
        self.hits: Hits | None = None
        """Set where somebody wants to know the spans that were found, not only their traces."""
        self._young: list[str] | None = None
        """Parts without the attribute index when this search began; one that has been merged since does no harm."""
        self.table = "trace_index" if self.whole_traces else "span_by_service" if slim_enough(self.of_span) else "spans"

    @property
    def indexed(self) -> bool:
        """Whether the attribute index narrows the scan to a few spans."""
        return self.table == "spans" and any(narrowed(item) for item in self.of_span)

    @property
    def decided(self) -> bool:
        """Whether some filter is answered by the attribute index alone."""
        return self.table == "spans" and any(decided(item) for item in self.of_span)

    def range(self, span: Span, *, behind: Candidate | None = None) -> list[Candidate]:
        """Return up to `cap` traces whose first match in the range lies behind `behind`."""
        if self.hits is not None:
            self.hits.cover(span.low, span.high)
        if not self.decided:
            return self._run(Params(), span, behind, "")
        return self._from_index(span, behind)

    def of(self, traces: Sequence[IndexedTrace], span: Span) -> list[Candidate]:
        """Return which of these traces have a match in the range."""
        if not traces or span.low > span.high:
            return []
        params = Params()
        low = max(span.low, min(trace.min_bucket for trace in traces) * NS_PER_S)
        high = min(span.high, (max(trace.max_bucket for trace in traces) + BUCKET_S) * NS_PER_S - 1)
        ids = f"trace_id IN {params.ids([trace.trace_id for trace in traces])}"
        return self._run(params, Span(low, high), None, f" AND {ids}", cap=len(traces))

    def probe(self, span: Span, most: int) -> int:
        """Return how many spans of a range the attribute index finds, at most `most`; parts without it do not count."""
        params = Params()
        extra = f" AND _part NOT IN {params.texts(self._parts())}" if self._parts() else ""
        where = self._where(params, span, UseIndex.INSTEAD)
        sql = f"SELECT count() AS n FROM (SELECT 1 FROM {self.table} WHERE {where}{extra} LIMIT {most})"
        try:
            table = self.read.query(sql, params.values, direct_index=True)
        except QueryError as error:
            if error.engine_code != MISSING_INDEX:
                raise
            return most  # a part came in meanwhile
        return int(table.column("n")[0].as_py())

    def _parts(self) -> list[str]:
        """Return the parts without the attribute index."""
        if self._young is None:
            self._young = parts_without_index(self.read.query)
        return self._young

    def _from_index(self, span: Span, behind: Candidate | None) -> list[Candidate]:
        """Look into young parts row by row and read the rest from the attribute index itself.

        The order makes it whole: rows of a part that is merged in between are in the merged part, which comes second.
        """
        young = self._parts()
        params = Params()
        listed = params.texts(young)
        found = self._run(params, span, behind, f" AND _part IN {listed}", index=UseIndex.NO) if young else []
        try:
            extra = f" AND _part NOT IN {listed}" if young else ""
            found += self._run(params, span, behind, extra, index=UseIndex.INSTEAD)
        except QueryError as error:
            if error.engine_code != MISSING_INDEX:
                raise
            return self._run(Params(), span, behind, "")  # a part came in meanwhile
        return merged(found)[: self.cap]

    @property
    def _start(self) -> str:
        return "first" if self.whole_traces else "start"

    def _where(self, params: Params, span: Span, index: UseIndex) -> str:
        first, last = (params.seconds(bucket) for bucket in span.buckets)
        days = Days(params.day(span.low), params.day(span.high))
        where = ["tenant = {tenant:String}"]
        where += [f"{self._start} >= {params.time(span.low)}", f"{self._start} <= {params.time(span.high)}"]
        inside = f"day >= {days.first} AND day <= {days.last}"
        where.append(inside if self.whole_traces else f"bucket >= {first} AND bucket <= {last}")
        where += [] if self.whole_traces else [Predicates(params, days, index).conjunction(self.of_span)]
        return " AND ".join([*where, *prefilter(self.of_trace, params, "1")])

    def _run(
        self,
        params: Params,
        span: Span,
        behind: Candidate | None,
        extra: str,
        *,
        cap: int = 0,
        index: UseIndex = UseIndex.BESIDE,
    ) -> list[Candidate]:
        where = self._where(params, span, index)
        having = ""
        hits = f", {COLUMN}" if self.hits is not None else ""
        if behind is not None:
            seen, trace = params.bind(behind.seen, "Int64"), params.bind(behind.trace_id, "FixedString(16)")
            having = f"HAVING (seen, trace_id) < ({seen}, {trace})"
        sql = f"""
            SELECT trace_id, min(toUnixTimestamp64Nano({self._start})) AS seen{hits} FROM {self.table}
            WHERE {where}{extra}
            GROUP BY trace_id {having} ORDER BY seen DESC, trace_id DESC LIMIT {cap or self.cap}
        """
        table = self.read.query(sql, params.values, direct_index=index is UseIndex.INSTEAD)
        if self.hits is not None:
            self.hits.add(table.column("trace_id").to_pylist(), table.column("hits").to_pylist())
        seen_ids = zip(table.column("seen").to_pylist(), table.column("trace_id").to_pylist(), strict=True)
        return [Candidate(seen, trace_id) for seen, trace_id in seen_ids]
