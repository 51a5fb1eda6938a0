"""Where attributes are: what the catalogue knows of the levels of their keys.

The keys of a span are catalogued before the span is stored, so a key is on no other level than those listed.
"""

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


Known = Mapping[str, Mapping[str, Sequence[str]]]
"""Keys to their levels to the types that they have there."""


def known_levels(read: Read, keys: Sequence[str], window: Window | None = None) -> Known:
    """Return what the catalogue has of some keys, of all days or of those of a range."""
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    if not keys:
        return found
    params = Params()
    days = f"AND day >= {params.day(window.from_ns)} AND day <= {params.day(window.to_ns)}" if window else ""
    wanted = f"level IN {params.texts(list(SCOPES))} AND key IN {params.texts(keys)}"
    sql = f"""
        SELECT key, level, groupUniqArray(type) AS types FROM attr_keys
        WHERE tenant = {{tenant:String}} {days} AND {wanted}
        GROUP BY key, level
    """
    for row in read.query(sql, params.values).to_pylist():
        found[row["key"]][row["level"]] = row["types"]
    return found


def settled(read: Read, window: Window, filters: Sequence[Filter]) -> list[Filter]:
    """Return filters that pass the same spans and cost less.

    A key that the catalogue has on one level is looked for there alone, and a text on spans through the attribute
    index. A key that it does not have, or has on several levels, is left alone.
    """
    levels = known_levels(read, sorted({item.key for item in filters if _open(item)}), window)
    return [one for item in filters for one in (_on_level(item, levels.get(item.key, {})) if _open(item) else (item,))]


def _open(item: Filter) -> bool:
    return item.scope is FilterScope.ANYWHERE or (item.scope is FilterScope.SPAN and item.op is Op.READS)


def _on_level(item: Filter, levels: Mapping[str, Sequence[str]]) -> Iterator[Filter]:
    levels = {"span": levels["span"]} if item.scope is FilterScope.SPAN and "span" in levels else levels
    if len(levels) != 1 or (item.scope is FilterScope.SPAN and "span" not in levels):
        yield item
        return
    ((level, types),) = levels.items()
    placed = replace(item, scope=SCOPES[level])
    array = str(item.value).startswith("[")
    if item.op is Op.READS and level == "span" and list(types) == ["string"] and not array:
        yield replace(placed, op=Op.EQ)  # finds them by the index, elements of arrays among them
    yield placed
