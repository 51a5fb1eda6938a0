"""What Zipkin's clients search for: conditions that spans of one service meet together, each span its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from clew.api.zipkin.params import TraceQuery
from clew.model import Status
from clew.query.answer import Window
from clew.query.filters import Duration, Filter, FilterScope, Op, Value
from clew.query.hunt import Hunt, Quest
from clew.query.hydrate import of_traces
from clew.query.index import NS_PER_S, IndexedTrace
from clew.query.names import service_names
from clew.query.params import Params
from clew.query.predicates import Days, Predicates, UseIndex
from clew.query.read import Read
from clew.query.search import FilterScan

PEERS = ("service.peer.name", "peer.service")
"""Attributes that name the other side; the first counts."""
TAG_SCOPES = (FilterScope.SPAN, FilterScope.RESOURCE, FilterScope.INSTRUMENTATION)
US = 1000

Criterion = list[list[Filter]]
"""Met by a span that passes all filters of one of the lists."""


def find(read: Read, query: TraceQuery, now: int) -> list[IndexedTrace]:
    """Return the traces that meet every criterion, newest first."""
    of_service = [_service(read, query.service, now)] if query.service else []
    criteria = list(_criteria(query))
    plain = next((one[0] for one in criteria if len(one) == 1), [])
    rest = [one for one in criteria if one != [plain]]
    scan = _Spread(read, [*of_service, *plain], of_service, rest, query.window)
    return Hunt(read, Quest(query.window, query.limit), scan).run(now)


def _service(read: Read, wanted: str, now: int) -> Filter:
    """Return the filter on a service whose name is known in lower case only."""
    names = [one for one in service_names(read, Window(0, now)) if one.lower() == wanted]
    if len(names) == 1:
        return Filter(FilterScope.RESOURCE, "service.name", Op.EQ, names[0])
    pattern = "|".join(re.escape(one) for one in names or [wanted])
    return Filter(FilterScope.RESOURCE, "service.name", Op.MATCH, pattern)


def _criteria(query: TraceQuery) -> Iterator[Criterion]:
    if query.span:
        yield [[_intrinsic("name", _folded(query.span), Op.MATCH)]]
    if query.least_us is not None:
        bounds = [_intrinsic("duration", Duration(query.least_us * US), Op.GE)]
        if query.most_us is not None:
            bounds.append(_intrinsic("duration", Duration((query.most_us + 1) * US), Op.LT))
        yield [bounds]
    if query.remote:
        yield [[Filter(FilterScope.SPAN, key, Op.MATCH, _folded(query.remote))] for key in PEERS]
    for key, value in query.tags:
        yield [*_made_tag(key, value), *([Filter(scope, key, Op.READS, value)] for scope in TAG_SCOPES)]
    for word in query.words:
        named = [_intrinsic("event:name", word)]
        yield [named, *_made_tag(word, None), *([Filter(scope, word, Op.NE, None)] for scope in TAG_SCOPES)]


def _made_tag(key: str, value: str | None) -> Iterator[list[Filter]]:
    """Yield what stands for a tag that is made from a field of the span; without a value that it is there."""
    failed = _intrinsic("status", Status.ERROR)
    if key == "error":
        if value is None:
            yield [failed]
        else:
            yield [failed, _intrinsic("statusMessage", "" if value == "true" else value)]
    elif key == "otel.status_code":
        for status in (Status.OK, Status.ERROR):
            if value in {None, status.name}:
                yield [_intrinsic("status", status)]
    elif key == "otel.status_description":
        yield [_intrinsic("statusMessage", value or "", Op.NE if value is None else Op.EQ)]


def _intrinsic(key: str, value: Value, op: Op = Op.EQ) -> Filter:
    return Filter(FilterScope.INTRINSIC, key, op, value)


def _folded(text: str) -> str:
    """Return a pattern of a text in any case."""
    return f"(?i:{re.escape(text)})"


class _Spread(FilterScan):
    """Finds traces by one criterion and lets the others be met by any span of the same service."""

    def __init__(
        self,
        read: Read,
        scanned: Sequence[Filter],
        of_service: Sequence[Filter],
        rest: Sequence[Criterion],
        window: Window,
    ) -> None:
        super().__init__(read, scanned)
        self._of_service = of_service
        self._rest = rest
        self._window = window

    def decide(self, traces: Sequence[IndexedTrace]) -> Sequence[IndexedTrace]:
        """Return the traces whose root starts in the window and whose spans meet the other criteria."""
        window = self._window
        begun = [(one, one.root_start if one.has_root else one.first) for one in traces]
        inside = [one for one, start in begun if window.from_ns <= start <= window.to_ns]
        if not inside or not self._rest:
            return inside
        met = self._meet(inside)
        return [one for one in inside if one.trace_id in met]

    def _meet(self, traces: Sequence[IndexedTrace]) -> set[bytes]:
        params = Params()
        low, high = min(one.min_bucket for one in traces), max(one.max_bucket for one in traces)
        days = Days(params.day(low * NS_PER_S), params.day(high * NS_PER_S))
        predicates = Predicates(params, days, UseIndex.NO)
        tests = [
            "countIf(" + " OR ".join(f"({predicates.conjunction(one)})" for one in criterion) + ") > 0"
            for criterion in self._rest
        ]
        sql = f"""
            SELECT trace_id FROM spans
            WHERE tenant = {{tenant:String}} AND {of_traces(traces, params)}
                AND {predicates.conjunction(self._of_service)}
            GROUP BY trace_id HAVING {" AND ".join(tests)}
        """
        return set(self.read.query(sql, params.values).column("trace_id").to_pylist())
