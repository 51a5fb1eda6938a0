"""Which series, labels and values there are in a range of time."""

from __future__ import annotations

from collections.abc import Sequence

from clew.query.answer import Window
from clew.query.params import Params
from clew.query.promql.ast import Selector
from clew.query.promql.families import FAMILIES, NAME, Family, condition, matching
from clew.query.read import Read

MOST = 10_000
MINUTE_NS = 60 * 10**9


def series(read: Read, selectors: Sequence[Selector], window: Window) -> list[dict[str, str]]:
    """Return the label sets of the metrics that the selectors take, without `le`; at most 10,000 of each metric."""
    found: dict[tuple[tuple[str, str], ...], None] = {}
    for selector in selectors:
        for family in matching(selector.matchers):
            for labels in _distinct(read, family, selector, window, list(family.rollup.labels)):
                found[(NAME, family.name), *sorted(labels.items())] = None
    return [dict(one) for one in found]


def names(selectors: Sequence[Selector]) -> list[str]:
    """Return the names of the labels of the metrics that the selectors take, of all without selectors."""
    return sorted({NAME, *(label for one in _families(selectors) for label in one.labels)})


def values(read: Read, label: str, selectors: Sequence[Selector], window: Window) -> list[str]:
    """Return the values of a label."""
    if label == NAME:
        return sorted(one.name for one in _families(selectors))
    found: set[str] = set()
    seen: set[tuple[str, tuple[object, ...]]] = set()
    for selector in selectors or [Selector(())]:
        for family in matching(selector.matchers):
            key = (family.rollup.table, tuple(one for one in selector.matchers if one.label != NAME))
            if label in family.rollup.labels and key not in seen:
                seen.add(key)
                found.update(one.get(label, "") for one in _distinct(read, family, selector, window, [label]))
    return sorted(found - {""})


def _families(selectors: Sequence[Selector]) -> list[Family]:
    if not selectors:
        return list(FAMILIES.values())
    return [family for one in selectors for family in matching(one.matchers)]


def _distinct(
    read: Read, family: Family, selector: Selector, window: Window, labels: list[str]
) -> list[dict[str, str]]:
    params = Params()
    where = [condition(one, family, params) for one in selector.matchers]
    low, high = (params.seconds(edge // 10**9) for edge in (window.from_ns, window.to_ns + MINUTE_NS - 1))
    columns = ", ".join(f"{family.rollup.labels[name].column} AS l{at}" for at, name in enumerate(labels))
    sql = f"""
        SELECT DISTINCT {columns} FROM {family.rollup.table}
        WHERE tenant = {{tenant:String}} AND minute > {low} AND minute <= {high}
            AND {" AND ".join(where) or "1"}
        ORDER BY ALL LIMIT {MOST}
    """
    rows = read.query(sql, params.values).to_pylist()
    shown = [family.rollup.labels[name] for name in labels]
    found = [
        {name: column.text(row[f"l{at}"]) for at, (name, column) in enumerate(zip(labels, shown, strict=True))}
        for row in rows
    ]
    return [{name: text for name, text in one.items() if text} for one in found]
