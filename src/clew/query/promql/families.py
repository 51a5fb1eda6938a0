"""The metrics that exist: counters over a rollup, with its columns as labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.derive.numbers import Flags
from clew.model import Kind, Status
from clew.query.errors import InvalidQueryError
from clew.query.params import Params
from clew.query.promql.ast import Matcher, MatchOp
from clew.query.regex import alternatives, anchored

NAME, LE = "__name__", "le"


@dataclass(frozen=True, slots=True)
class Label:
    """A column as a label; numbers have names, `names` is empty for texts."""

    column: str
    names: Mapping[int, str]

    def text(self, value: object) -> str:
        """Return a value of the column as the label shows it."""
        return self.names.get(value, str(value)) if isinstance(value, int) else str(value)


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table of sums per minute."""

    table: str
    labels: Mapping[str, Label]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric."""

    name: str
    rollup: Rollup
    value: str
    """SQL of its sum over rows, or of its merged histogram of nanoseconds."""
    histogram: bool
    help: str

    @property
    def labels(self) -> list[str]:
        """Names of its labels."""
        return [*self.rollup.labels, *([LE] if self.histogram else [])]


_SPANS = Rollup(
    "red_1m",
    {
        "service": Label("service", {}),
        "span_name": Label("name", {}),
        "span_kind": Label("kind", {kind.value: f"SPAN_KIND_{kind.name}" for kind in Kind}),
        "status_code": Label("status", {status.value: f"STATUS_CODE_{status.name}" for status in Status}),
    },
)
_EDGES = Rollup(
    "edges_1m",
    {"client": Label("client", {}), "server": Label("server", {}), "connection_type": Label("kind", {})},
)


def _duration(rollup: Rollup, prefix: str, columns: tuple[str, str, str], what: str) -> tuple[Family, ...]:
    total, count, hist = columns
    return (
        Family(f"{prefix}_sum", rollup, f"{total} / 1e9", histogram=False, help=f"{what}, added up in seconds"),
        Family(f"{prefix}_count", rollup, count, histogram=False, help=f"{what}, counted"),
        Family(
            f"{prefix}_bucket", rollup, f"sumMap({hist})", histogram=True, help=f"{what}, by upper bound in seconds"
        ),
    )


def _called(what: str) -> str:
    """Return the SQL of the time of the called side; databases and queues tell none, so their callers' counts."""
    return f"if(kind != '' AND empty(server_hist), client_{what}, server_{what})"


_GRAPH = "traces_service_graph_request"
FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("traces_spanmetrics_calls_total", _SPANS, "sum(n_weighted)", histogram=False, help="Spans"),
        *_duration(
            _SPANS,
            "traces_spanmetrics_latency",
            ("sum(duration_sum * n_weighted / n)", "sum(n_weighted)", "hist"),
            "Durations of spans",
        ),
        Family(f"{_GRAPH}_total", _EDGES, "sum(calls)", histogram=False, help="Calls between two nodes"),
        Family(f"{_GRAPH}_failed_total", _EDGES, "sum(errors)", histogram=False, help="Failed calls between two nodes"),
        *_duration(
            _EDGES,
            f"{_GRAPH}_server_seconds",
            (f"sum({_called('sum')})", f"sum(arraySum(mapValues({_called('hist')})))", _called("hist")),
            "Durations of calls as the called service saw them, or the caller of what is not instrumented",
        ),
        *_duration(
            _EDGES,
            f"{_GRAPH}_client_seconds",
            ("sum(client_sum)", "sum(arraySum(mapValues(client_hist)))", "client_hist"),
            "Durations of calls as the caller saw them",
        ),
    )
}


def matching(matchers: tuple[Matcher, ...]) -> list[Family]:
    """Return the metrics whose name a selector takes."""
    names = list(FAMILIES)
    passed = np.ones(len(names), np.bool_)
    for one in matchers:
        if one.label == NAME:
            passed &= passing(one, names)
    return [FAMILIES[names[at]] for at in np.flatnonzero(passed)]


def passing(matcher: Matcher, texts: Sequence[str]) -> Flags:
    """Return which values of a label pass.

    Raises:
        InvalidQueryError: the pattern is none.
    """
    if matcher.op in {MatchOp.EQ, MatchOp.NE}:
        found = np.array([text == matcher.value for text in texts], np.bool_)
    else:
        try:
            matches = pc.match_substring_regex(pa.array(texts, pa.string()), anchored(matcher.value))
        except pa.ArrowInvalid as error:
            raise no_pattern(matcher.value, error) from None
        found = matches.to_numpy(zero_copy_only=False).astype(np.bool_)
    return found if matcher.op in {MatchOp.EQ, MatchOp.MATCH} else ~found


def no_pattern(pattern: str, error: Exception) -> InvalidQueryError:
    """Return the error of a pattern that cannot be read."""
    hint = "patterns are RE2: no look-around, no back-references, brackets closed"
    return InvalidQueryError(f"{pattern[:80]!r} is no regular expression: {error}", start=0, end=0, hint=hint)


def condition(matcher: Matcher, family: Family, params: Params) -> str:
    """Return the SQL of a matcher; of labels that the metric does not have, the value is the empty text.

    Raises:
        InvalidQueryError: the pattern is none.
    """
    absent = bool(passing(matcher, [""])[0])
    label = family.rollup.labels.get(matcher.label)
    if label is None:
        return "1" if matcher.label in {NAME, LE} or absent else "0"
    if label.names:
        passed = passing(matcher, list(label.names.values()))
        allowed = [number for number, taken in zip(label.names, passed, strict=True) if taken]
        return f"has({params.bind(allowed, 'Array(UInt8)')}, {label.column})"
    negated = "NOT " if matcher.op in {MatchOp.NE, MatchOp.NOT_MATCH} else ""
    plain = [matcher.value] if matcher.op in {MatchOp.EQ, MatchOp.NE} else alternatives(matcher.value)
    if plain is not None:
        return f"{negated}{label.column} IN {params.texts(plain)}"
    return f"{negated}match({label.column}, {params.text(anchored(matcher.value))})"
