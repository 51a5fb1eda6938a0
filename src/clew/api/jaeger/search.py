"""What Jaeger's clients search for, as filters: every condition holds on one span, whole traces come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from clew.api.jaeger.filter import Structured
from clew.api.jaeger.tags import NO_SERVICE
from clew.model import Kind, Status
from clew.query.answer import Window
from clew.query.errors import InvalidRequestError
from clew.query.filters import Duration, Filter, FilterScope, Op, Value
from clew.query.index import IndexedTrace
from clew.query.levels import settled
from clew.query.plan.spanwise import with_span
from clew.query.read import Read
from clew.query.search import SearchQuery, find

DEFAULT_DEPTH = 100
MOST_TRACES = 10_000
SCOPE_NAMES = {
    "scope.name": "instrumentation:name",
    "scope.version": "instrumentation:version",
    "otel.scope.name": "instrumentation:name",
    "otel.scope.version": "instrumentation:version",
}
STATUS_KEYS = frozenset({"span.status", "otel.status_code"})
_RESOURCE = "resource."


@dataclass(frozen=True, slots=True)
class TraceQuery:
    """One search; what is empty or `None` is not asked for. Both ends of every range are included."""

    window: Window
    """The start of the matching span lies in it."""
    service: str = ""
    operation: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Compared as text, whatever the type of the stored value."""
    least_ns: int | None = None
    """Shortest duration of the span."""
    most_ns: int | None = None
    depth: int = DEFAULT_DEPTH
    """Most traces."""
    structured: Structured | None = None
    """A condition of its own, instead of all the others but the window."""

    def filters(self) -> list[Filter]:
        """Return the conditions on one span."""
        found = []
        if self.service:
            name = "unknown_service" if self.service == NO_SERVICE else self.service
            found.append(Filter(FilterScope.RESOURCE, "service.name", Op.EQ, name))
        if self.operation:
            found.append(_intrinsic("name", self.operation))
        if self.least_ns is not None:
            found.append(_intrinsic("duration", Duration(self.least_ns), Op.GE))
        if self.most_ns is not None:
            found.append(_intrinsic("duration", Duration(self.most_ns), Op.LE))
        for key, value in self.attributes.items():
            found.extend(_attribute(key, value))
        return found

    def run(self, read: Read, now: int) -> list[IndexedTrace]:
        """Return the traces that have such a span, newest first.

        Raises:
            InvalidRequestError: more traces are asked for than one answer may hold.
            BadFilterError: a regular expression of the structured filter is none.
        """
        if self.depth > MOST_TRACES:
            raise InvalidRequestError(
                "limit", str(self.depth), "is more than one answer may hold", hint=f"ask for at most {MOST_TRACES}"
            )
        limit = self.depth or DEFAULT_DEPTH
        if self.structured is not None:
            self.structured.check(read)
            return with_span(read, self.structured.where, self.window, limit, now)
        filters = settled(read, self.window, self.filters())
        query = SearchQuery(filters, self.window, limit=limit, of_span=True)
        return find(read, query, now)


def _intrinsic(key: str, value: Value, op: Op = Op.EQ) -> Filter:
    return Filter(FilterScope.INTRINSIC, key, op, value)


def _attribute(key: str, value: str) -> Iterator[Filter]:
    """Yield the condition of one attribute; some keys stand for fields of the span."""
    word = value.strip().upper()
    if key == "error" and word in {"TRUE", "FALSE"}:
        yield _intrinsic("status", Status.ERROR, Op.EQ if word == "TRUE" else Op.NE)
    elif key == "span.kind" and word in Kind.__members__:
        yield _intrinsic("kind", Kind[word])
    elif key in STATUS_KEYS and word in Status.__members__:
        yield _intrinsic("status", Status[word])
    elif key in SCOPE_NAMES:
        yield _intrinsic(SCOPE_NAMES[key], value)
    elif key.startswith(_RESOURCE):
        yield Filter(FilterScope.RESOURCE, key.removeprefix(_RESOURCE), Op.READS, value)
    else:
        yield Filter(FilterScope.ANYWHERE, key, Op.READS, value)
