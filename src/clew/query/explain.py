"""What is different about some traces: every attribute of all their spans, compared with those of a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clew.derive.numbers import Ints
from clew.query.answer import Answer, Meta, Total, Truncated, Window
from clew.query.attrpairs import Catalogue, Picked, read_pairs
from clew.query.errors import InvalidRequestError
from clew.query.filters import Filter
from clew.query.ids import parse_trace_id
from clew.query.params import Params
from clew.query.patterns import check_patterns
from clew.query.plan.find import find
from clew.query.plan.found import Ask
from clew.query.predicates import Days, Predicates, split_trace_filters
from clew.query.read import Read
from clew.query.scan import floor_bucket
from clew.query.shares import difference_interval, p_values, q_values
from clew.query.together import Pair, together
from clew.query.tracefilters import exact
from clew.query.traceql.ast import Pipeline, Query, Sort

MOST_TRACES = 10_000
"""Most traces of each side; of more a random part is taken, the same for the same question."""
MOST_SHOWN = 200
ID_LIKE = 0.5
"""A key that has a value of its own in this share of its traces names traces instead of describing them."""
ID_VALUES = 30
"""Fewer different values are never taken for ids."""
FALSE_SHARE = 0.05
"""Share of false ones among the differences that count as found."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some traces: those with a span that passes all filters, listed ones, or those that a search finds."""

    filters: Sequence[Filter] | None = None
    ids: Sequence[str] = ()
    query: Query | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of one attribute. A trace has it when any of its spans has it."""

    level: str
    key: str
    type: str
    value: str
    n: int
    """Selected traces with it."""
    base_n: int
    sel_share: float
    base_share: float
    effect: float
    """Difference of the shares."""
    low: float
    """95 % interval of the difference."""
    high: float
    lift: float | None
    """Ratio of the shares; None where no trace of the baseline has it."""
    p: float
    q: float
    """Share of false ones among all differences that are at least as clear."""
    coverage: float
    """Share of the selected traces that have the key at all."""
    base_coverage: float


@dataclass(frozen=True, slots=True)
class Hidden:
    """A key that was left out, and why."""

    level: str
    key: str
    values: int
    reason: str


@dataclass(frozen=True, slots=True)
class Explained:
    """The differences, clearest first."""

    selected: int
    baseline: int
    selected_total: int
    baseline_total: int
    keys: int
    tested: int
    """Values that were compared."""
    found: int
    """Of these, how many differ for sure: q below 5 %."""
    differences: list[Difference]
    hidden: list[Hidden]
    pairs: list[Pair]
    """Two values that tell more together than each alone, largest gain first."""


def explain(read: Read, selection: Group, baseline: Group | None, window: Window) -> Answer[Explained]:
    """Return what tells the selected traces from the baseline.

    Args:
        read: whose.
        selection: the traces in question.
        baseline: what to compare with; absent: all other traces.
        window: start of the spans that make a trace qualify; its spans outside count as well. Searches find traces
            that overlap it.

    Raises:
        InvalidQueryError: a search gives series, or cannot be evaluated.
        InvalidRequestError: one of the sides has no trace.
    """
    selection, window, cut = _listed(read, "sel", selection, window)
    if baseline is not None:
        baseline, _, less = _listed(read, "base", baseline, window)
        cut = cut or less
    for group in (selection, baseline):
        check_patterns(read, list(group.filters or []) if group else [])
    chosen, chosen_total = _pick(read, selection, None, window)
    others, others_total = _pick(read, baseline or Group(), selection, window)
    if baseline is not None and baseline.ids:
        known = set(chosen)
        apart = [one for one in others if one not in known]
        others, others_total = apart, others_total - len(others) + len(apart)
    for name, ids in (("sel", chosen), ("base", others)):
        if not ids:
            raise _no_trace(name)
    picked = Picked([*chosen, *others], len(chosen))
    catalogue = read_pairs(read, picked)
    read.check()
    differences, hidden, tested, found, strong = _compare(catalogue, picked)
    read.check()
    data = Explained(
        len(chosen),
        len(others),
        chosen_total,
        others_total,
        len(catalogue.keys),
        tested,
        found,
        differences[:MOST_SHOWN],
        hidden,
        together(catalogue, picked, strong, FALSE_SHARE),
    )
    if cut is None and (len(chosen) < chosen_total or len(others) < others_total):
        hint = "the shares are estimates with the intervals given; narrow the range to compare every trace"
        cut = Truncated("a random part of the traces was compared", MOST_TRACES, hint)
    meta = Meta(
        total=Total(len(differences), exact=True),
        returned=min(len(differences), MOST_SHOWN),
        truncated=cut,
        scanned=read.scanned,
        window=window,
    )
    return Answer(data, meta)


def _no_trace(name: str) -> InvalidRequestError:
    return InvalidRequestError(name, "", "has no trace in the range", hint="widen the time range or loosen the query")


def _listed(read: Read, name: str, group: Group, window: Window) -> tuple[Group, Window, Truncated | None]:
    """Return a group without its search: the newest traces that it finds, and the window in which these are all."""
    if group.query is None:
        return group, window, None
    query = group.query
    if isinstance(query.root, Pipeline):
        stages = tuple(one for one in query.root.stages if not isinstance(one, Sort))
        query = replace(query, root=replace(query.root, stages=stages))
    answer = find(read, query, Ask(window, MOST_TRACES, 1), window.to_ns)
    traces, cut = answer.data.traces, answer.meta.truncated
    if not traces:
        raise _no_trace(name)
    if answer.data.cursor is not None:
        window = Window(min(one.start_ns for one in traces), window.to_ns)
        hint = "narrow the range to compare every trace"
        cut = cut or Truncated("only the newest traces that the search finds were compared", MOST_TRACES, hint)
    return Group(ids=[one.trace_id.hex() for one in traces]), window, cut


def _pick(read: Read, group: Group, without: Group | None, window: Window) -> tuple[list[bytes], int]:
    """Return the traces of a group, a random part of them when there are too many, and how many there are."""
    if group.ids:
        ids = list(dict.fromkeys(bytes.fromhex(parse_trace_id(one)) for one in group.ids))
        return ids[:MOST_TRACES], len(ids)
    params = Params()
    inner = _matching(group.filters, window, params)
    if without is not None and without.ids:
        listed = params.ids([bytes.fromhex(parse_trace_id(one)) for one in without.ids])
        inner += f" AND trace_id NOT IN {listed}"
    elif without is not None and without.filters is not None:
        inner += f" AND trace_id NOT IN ({_matching(without.filters, window, params)})"
    sql = f"""
        SELECT trace_id, count() OVER () AS every FROM (SELECT DISTINCT trace_id FROM ({inner}))
        ORDER BY cityHash64(trace_id) LIMIT {MOST_TRACES}
    """
    found = read.query(sql, params.values)
    total = int(found.column("every")[0].as_py()) if found.num_rows else 0
    return found.column("trace_id").to_pylist(), total


def _matching(filters: Sequence[Filter] | None, window: Window, params: Params) -> str:
    """Return a SELECT of the ids of traces with a span in the window that passes; without filters of all."""
    low, high = params.time(window.from_ns), params.time(window.to_ns)
    first, last = params.day(window.from_ns), params.day(window.to_ns)
    if not filters:
        return (
            f"SELECT trace_id FROM trace_index AS i WHERE tenant = {{tenant:String}} "
            f"AND day >= {first} - 1 AND day <= {last} + 1 AND i.first >= {low} AND i.first <= {high}"
        )
    of_span, of_trace = split_trace_filters(filters)
    buckets = [params.seconds(floor_bucket(edge)) for edge in (window.from_ns, window.to_ns)]
    tests = [Predicates(params, Days(first, last)).conjunction(of_span), *exact(of_trace, params)]
    return (
        f"SELECT trace_id FROM spans WHERE tenant = {{tenant:String}} AND bucket >= {buckets[0]} "
        f"AND bucket <= {buckets[1]} AND start >= {low} AND start <= {high} AND {' AND '.join(tests)}"
    )


def _compare(catalogue: Catalogue, picked: Picked) -> tuple[list[Difference], list[Hidden], int, int, Ints]:
    """Return the differences, the keys left out, how many values were compared and how many differ for sure.

    Last come the values that the selection has more often for sure, the largest effect first.
    """
    n, m = picked.selected, len(picked.ids) - picked.selected
    hidden = _id_like(catalogue)
    left_out = {(one.level, one.key) for one in hidden}
    shown = np.array([key[:2] not in left_out for key in catalogue.keys], np.bool_)
    rows = np.flatnonzero(shown[catalogue.key])
    a, b = catalogue.selected[rows].astype(np.float64), catalogue.base[rows].astype(np.float64)
    p = p_values(a, b, n, m)
    q = q_values(p)
    low, high = difference_interval(a, b, n, m)
    effect = a / n - b / m
    # Of equal differences those first that the selection has: what it lacks often only follows from its failing early.
    order = np.lexsort((rows, effect < 0, -np.abs(effect), q >= FALSE_SHARE))
    differences = []
    for at in order[: MOST_SHOWN * 2].tolist():
        level, key, kind = catalogue.keys[catalogue.key[rows[at]]]
        covered = catalogue.key[rows[at]]
        differences.append(
            Difference(
                level,
                key,
                kind,
                catalogue.values[catalogue.value[rows[at]]],
                int(a[at]),
                int(b[at]),
                float(a[at] / n),
                float(b[at] / m),
                float(effect[at]),
                float(low[at]),
                float(high[at]),
                float((a[at] / n) / (b[at] / m)) if b[at] else None,
                float(p[at]),
                float(q[at]),
                float(catalogue.covered[covered] / n),
                float(catalogue.base_covered[covered] / m),
            )
        )
    strong = rows[order[(q[order] < FALSE_SHARE) & (effect[order] > 0)]]
    return differences, hidden, rows.size, int((q < FALSE_SHARE).sum()), strong


def _id_like(catalogue: Catalogue) -> list[Hidden]:
    """Return the keys whose values name traces."""
    values = np.bincount(catalogue.key, minlength=len(catalogue.keys))
    traces = catalogue.covered + catalogue.base_covered
    hidden = []
    for place, (level, key, _) in enumerate(catalogue.keys):
        if values[place] >= ID_VALUES and values[place] > ID_LIKE * traces[place]:
            share = min(values[place] / max(traces[place], 1), 1.0)
            reason = f"id-like: {values[place]:,} values in {traces[place]:,} traces ({share:.0%})"
            hidden.append(Hidden(level, key, int(values[place]), reason))
    return sorted(hidden, key=lambda one: (one.level, one.key))
