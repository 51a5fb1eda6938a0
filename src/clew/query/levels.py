"""Where attributes are: filters on any level become filters on the level that the catalogue knows their key on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from clew.query.answer import Window
from clew.query.filters import Filter, FilterScope, Op
from clew.query.params import Params
from clew.query.read import Read

SCOPES = {
    "span": FilterScope.SPAN,
    "resource": FilterScope.RESOURCE,
    "scope": FilterScope.INSTRUMENTATION,
    "event": FilterScope.ANYWHERE,
    "link": FilterScope.ANYWHERE,
}
"""Filters on events are left alone: as filters on that level they would have to hold on one event together."""


def settled(read: Read, window: Window, filters: Sequence[Filter]) -> list[Filter]:
    """Return filters that pass the same spans and cost less.

    A key that the catalogue has on one level is looked for there alone, and a text on spans through the attribute
    index. A key that it does not have, or has on several levels, is left alone: the newest spans may be ahead of it.
    """
    keys = sorted({item.key for item in filters if _open(item)})
    if not keys:
        return list(filters)
    known = known_levels(read, window, keys)
    return [one for item in filters for one in (_on_level(item, known[item.key]) if _open(item) else (item,))]


def known_levels(read: Read, window: Window, keys: Sequence[str]) -> Mapping[str, dict[str, list[str]]]:
    """Return the levels on which the catalogue has each key, and its types there; none for a key it does not have."""
    params = Params()
    sql = f"""
        SELECT key, level, groupUniqArray(type) AS types FROM attr_keys
        WHERE tenant = {{tenant:String}} AND day >= {params.day(window.from_ns)} AND day <= {params.day(window.to_ns)}
            AND level IN {params.texts(list(SCOPES))} AND key IN {params.texts(list(keys))}
        GROUP BY key, level
    """
    known: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for row in read.query(sql, params.values).to_pylist():
        known[row["key"]][row["level"]] = row["types"]
    return known


def _open(item: Filter) -> bool:
    return item.scope is FilterScope.ANYWHERE or (item.scope is FilterScope.SPAN and item.op is Op.READS)


def _on_level(item: Filter, levels: dict[str, list[str]]) -> Iterator[Filter]:
    levels = {"span": levels["span"]} if item.scope is FilterScope.SPAN and "span" in levels else levels
    if len(levels) != 1 or (item.scope is FilterScope.SPAN and "span" not in levels):
        yield item
        return
    ((level, types),) = levels.items()
    placed = replace(item, scope=SCOPES[level])
    array = str(item.value).startswith("[")
    if item.op is Op.READS and level == "span" and types == ["string"] and not array:
        yield replace(placed, op=Op.EQ)  # finds them by the index, elements of arrays among them
    yield placed
