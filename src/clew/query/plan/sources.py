"""Where the spans of a metrics function are counted: the RED rollups, the slim copy, or the spans themselves."""

from __future__ import annotations

from dataclasses import dataclass

from clew.query.filters import Value
from clew.query.params import Params
from clew.query.plan.grid import Grid
from clew.query.plan.typed import in_slim, is_service
from clew.query.predicates import NAMELESS
from clew.query.read import Read
from clew.query.regex import alternatives
from clew.query.rollup import MINUTE_NS
from clew.query.scan import floor_bucket
from clew.query.traceql.ast import (
    Attribute,
    Binary,
    FieldExpr,
    FieldOp,
    Intrinsic,
    MetricsCall,
    MetricsFn,
    Name,
    Static,
    Unary,
)
from clew.query.traceql.lower import fields, root_test

FEW_SPANS = 500_000
"""Where at most so many spans start in the range, those that were sent twice are counted once."""
LONG_NS = 6 * 3600 * 10**9
"""From here on the slim copy is read without a service too: a shorter range is found faster by time."""
ONCE = "trace_id, span_id, kind, start, service, name"
"""Spans that agree in these are one span that was sent twice."""
_ROLLED = frozenset({Name.NAME, Name.KIND, Name.STATUS})


@dataclass(frozen=True, slots=True)
class Rows:
    """A FROM clause of spans, or of rows that stand for spans."""

    table: str
    why: str
    time: str
    """Nanoseconds of a start; the last of the minute in rollups."""
    where: str
    """Range of time."""
    once: bool = False
    """Whether spans that were sent twice have to be, and can be, counted once."""


def in_rollup(expr: FieldExpr) -> bool:
    """Return whether the columns of `red_1m` decide a condition."""
    if isinstance(expr, Static):
        return isinstance(expr.value, bool)
    if not isinstance(expr, Binary):
        return False
    if expr.op in {FieldOp.AND, FieldOp.OR}:
        return in_rollup(expr.left) and in_rollup(expr.right)
    return isinstance(expr.right, Static) and (
        root_test(expr) is not None or _rolled(expr.left, expr.op, expr.right.value)
    )


def _rolled(of: FieldExpr, op: FieldOp, value: Value) -> bool:
    if isinstance(of, Intrinsic):
        return not of.parent and of.name in _ROLLED
    if not isinstance(of, Attribute) or not is_service(of) or not isinstance(value, str):
        return False
    named = [value] if op is FieldOp.EQ else alternatives(value) if op is FieldOp.MATCH else None
    return bool(named) and not set(named or ()) & set(NAMELESS)


def by_service_only(expr: FieldExpr) -> bool:
    """Return whether a condition looks at nothing but the service."""
    return all(is_service(one) for one in fields(expr))


def has_service(expr: FieldExpr) -> bool:
    """Return whether a condition holds for spans of named services only."""
    if isinstance(expr, Binary) and expr.op is FieldOp.AND:
        return has_service(expr.left) or has_service(expr.right)
    return isinstance(expr, Binary) and not isinstance(expr.left, Unary | Binary | Static) and is_service(expr.left)


def rollup(where: FieldExpr, call: MetricsCall, grid: Grid) -> str | None:
    """Return the rollup that can answer a function, `None` where the spans must be read."""
    if not grid.aligned(MINUTE_NS) or not in_rollup(where):
        return None
    duration = isinstance(call.of, Intrinsic) and call.of.name is Name.DURATION and not call.of.parent
    if call.fn not in {MetricsFn.RATE, MetricsFn.COUNT} and not duration:
        return None
    if all(is_service(one) for one in call.by) and by_service_only(where):
        return "red_service_1m"
    rolled = (is_service(one) or (isinstance(one, Intrinsic) and one.name in _ROLLED) for one in call.by)
    return "red_1m" if all(rolled) else None


def rollup_rows(table: str, grid: Grid, params: Params) -> Rows:
    """Return the rows of a rollup."""
    low, high = (params.seconds(edge // 10**9) for edge in (grid.after_ns, grid.after_ns + grid.count * grid.step_ns))
    return Rows(
        table,
        "whole minutes, by columns that the rollup has",
        "toInt64(toUnixTimestamp(r.minute)) * 1000000000",
        f"r.minute > {low} AND r.minute <= {high}",
    )


def span_rows(read: Read, where: FieldExpr, call: MetricsCall, grid: Grid, params: Params, *, weighted: bool) -> Rows:
    """Return the spans themselves, or their slim copy where it has all that is asked for."""
    window, range_ = grid.window, time_range(grid, params)
    time = "toUnixTimestamp64Nano(start)"
    if (several := stored(read, grid)) <= FEW_SPANS:
        return Rows(
            "spans", f"at most {several:,} spans start in the range: each is counted once", time, range_, once=True
        )
    asked = [*fields(where), *call.by, *([call.of] if call.of else [])]
    slim = not weighted and all(in_slim(one) for one in asked)
    if slim and (has_service(where) or window.to_ns - window.from_ns >= LONG_NS):
        return Rows("span_by_service", "the slim copy of the spans has all columns", time, range_)
    return Rows("spans", "columns that only the spans have", time, range_)


def time_range(grid: Grid, params: Params) -> str:
    """Return SQL that is 1 for spans that start in the range."""
    window = grid.window
    low, high = (params.seconds(floor_bucket(edge)) for edge in (window.from_ns, window.to_ns))
    return (
        f"bucket >= {low} AND bucket <= {high} "
        f"AND start >= {params.time(window.from_ns)} AND start <= {params.time(window.to_ns)}"
    )


def stored(read: Read, grid: Grid) -> int:
    """Return how many spans start in the minutes of a range, from the smallest rollup."""
    params = Params()
    low, high = (params.seconds(edge // 10**9) for edge in (grid.after_ns, grid.window.to_ns + MINUTE_NS - 1))
    sql = f"""
        SELECT sum(r.n) AS spans FROM red_service_1m AS r
        WHERE tenant = {{tenant:String}} AND r.minute > {low} AND r.minute <= {high}
    """
    return int(read.query(sql, params.values).column("spans")[0].as_py())
