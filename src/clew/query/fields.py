"""The attribute catalogue: keys and values seen on the days of a range."""

from __future__ import annotations

from dataclasses import dataclass

from clew.query.answer import Answer, Meta, Total, Truncated, Window
from clew.query.params import Params
from clew.query.read import Read

MOST_KEYS = 10_000
MOST_VALUES = 1000
TYPE_NAMES = {"str": "string", "arr_str": "string[]", "arr_int": "int[]", "arr_float": "float[]", "arr_bool": "bool[]"}


@dataclass(frozen=True, slots=True)
class FieldKey:
    """One key."""

    level: str
    key: str
    types: list[str]
    more: bool


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One value, as text."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class FieldValues:
    """Values, and whether there are more."""

    values: list[FieldValue]
    more: bool


def fields(read: Read, window: Window, prefix: str) -> Answer[list[FieldKey]]:
    """Return the keys that begin with a prefix, by level and key."""
    params = Params()
    sql = f"""
        SELECT level, key, arraySort(groupUniqArray(type)) AS types, max(attr_keys.more) AS has_more
        FROM attr_keys WHERE tenant = {{tenant:String}} AND {_days(window, params)}
            AND startsWith(key, {params.text(prefix)})
        GROUP BY level, key ORDER BY level, key LIMIT {MOST_KEYS + 1}
    """
    rows = read.query(sql, params.values).to_pylist()
    found = [
        FieldKey(row["level"], row["key"], [TYPE_NAMES.get(one, one) for one in row["types"]], bool(row["has_more"]))
        for row in rows
    ]
    return Answer(found[:MOST_KEYS], _meta(read, window, len(found), MOST_KEYS))


def values(read: Read, level: str, key: str, window: Window, prefix: str) -> Answer[FieldValues]:
    """Return the values of a key that begin with a prefix, in order; the first 1,000 of each day count."""
    params = Params()
    days = _days(window, params)
    one = f"tenant = {{tenant:String}} AND {days} AND level = {params.text(level)} AND key = {params.text(key)}"
    sql = f"""
        SELECT DISTINCT type, value FROM (
            SELECT DISTINCT day, type, value FROM attr_values WHERE {one}
            ORDER BY day, type, value LIMIT {MOST_VALUES} BY day
        ) WHERE startsWith(value, {params.text(prefix)}) ORDER BY value, type LIMIT {MOST_VALUES + 1}
    """
    rows = read.query(sql, params.values).to_pylist()
    days_cut = f"""
        SELECT count() AS n FROM (
            SELECT day, uniqExact(type, value) AS n FROM attr_values WHERE {one} GROUP BY day HAVING n > {MOST_VALUES}
        )
    """
    over = bool(read.query(days_cut, params.values).column("n")[0].as_py())  # written by two runs of the pipeline
    cut = read.query(f"SELECT max(more) AS cut FROM attr_keys WHERE {one}", params.values).column("cut")[0].as_py()
    found = [FieldValue(TYPE_NAMES.get(row["type"], row["type"]), row["value"]) for row in rows[:MOST_VALUES]]
    more = bool(cut) or over or len(rows) > MOST_VALUES
    meta = _meta(read, window, len(rows), MOST_VALUES)
    return Answer(FieldValues(found, more), meta)


def _days(window: Window, params: Params) -> str:
    return f"day >= {params.day(window.from_ns)} AND day <= {params.day(window.to_ns)}"


def _meta(read: Read, window: Window, found: int, most: int) -> Meta:
    cut = Truncated("more entries than are listed", most, "give a longer prefix") if found > most else None
    total = Total(found, exact=cut is None)
    return Meta(total=total, returned=min(found, most), truncated=cut, scanned=read.scanned, window=window)
