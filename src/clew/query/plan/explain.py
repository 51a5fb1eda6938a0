"""What a query does: its plan in words, and every statement with what it read, phase by phase."""

from __future__ import annotations

from dataclasses import dataclass

from clew.query.answer import Answer
from clew.query.plan.find import Finding, JudgedScan, conjunction, find, sort_of
from clew.query.plan.found import Ask
from clew.query.plan.grid import default_step
from clew.query.plan.led import LedScan
from clew.query.plan.metrics import metrics
from clew.query.plan.necessity import ANY_TRACE, All, Either, Formula, Some
from clew.query.plan.series import MetricsAsk
from clew.query.read import Ran, Read
from clew.query.traceql.ast import Pipeline, Query
from clew.query.traceql.text import print_expression as text


@dataclass(frozen=True, slots=True)
class Step:
    """One statement; run again with other values it counts once more."""

    phase: str
    sql: str
    params: dict[str, str]
    """Values of the last run as text, long lists cut."""
    runs: int
    rows: int
    bytes: int
    ms: float


@dataclass(frozen=True, slots=True)
class Explained:
    """A plan and what it cost."""

    plan: list[str]
    steps: list[Step]


MAX_VALUE = 200
"""Longest value that is shown, in characters."""


def explain(read: Read, query: Query, ask: Ask, now: int) -> Answer[Explained]:
    """Run a query and return how it was done; series have the default step.

    Raises:
        InvalidQueryError: it cannot be evaluated.
    """
    ran = read.record()
    if query.is_metrics:
        series = metrics(read, query, MetricsAsk(ask.window, default_step(ask.window)))
        meta, lines = series.meta, ["series over time; what each function was read from stands in its statements"]
    else:
        found = find(read, query, ask, now)
        meta, lines = found.meta, words(read, query, ask)
    steps: dict[tuple[str, str], Step] = {}
    for one in ran:
        key = (one.phase, one.sql)
        before = steps.get(key, Step(one.phase, one.sql, {}, 0, 0, 0, 0.0))
        steps[key] = _more(before, one)
    return Answer(Explained(lines, list(steps.values())), meta)


def _more(before: Step, one: Ran) -> Step:
    params = {name: _short(str(value)) for name, value in one.params.items()}
    ms = round(before.ms + one.ms, 3)
    return Step(before.phase, before.sql, params, before.runs + 1, before.rows + one.rows, before.bytes + one.bytes, ms)


def _short(value: str) -> str:
    return value if len(value) <= MAX_VALUE else f"{value[:MAX_VALUE]}... ({len(value)} characters)"


def words(read: Read, query: Query, ask: Ask) -> list[str]:
    """Return the plan of a search in words."""
    assert isinstance(query.root, Pipeline)  # noqa: S101 - it was run before
    finding = Finding(read, query.root, ask)
    lines = [f"candidates: traces with {formula_text(finding.formula)}", f"read from: {finding.source.table}"]
    if finding.source.indexed:
        lines.append("narrowed by: the attribute index")
    if isinstance(finding.source, JudgedScan) and isinstance(finding.source.scan, LedScan):
        lines.append("after the first window: the part leads that a sample shows to be rare and cheap to read")
    if conjunction(query) is not None:
        lines.append("verdict: the conditions of one span decide")
    else:
        lines.append("verdict: all spans of each candidate, relations and groups by vectors")
    order = sort_of(query)
    if order is None:
        lines.append(f"order: newest first, until {ask.limit} traces are known for sure")
    else:
        way = "descending" if order.descending else "ascending"
        lines.append(f"order: {text(order.key)} {way}, over everything that matches")
    return lines


def formula_text(formula: Formula) -> str:
    """Return what an answer must have."""
    if formula == ANY_TRACE:
        return "any span"
    if isinstance(formula, Some):
        return f"{{ {text(formula.where)} }}"
    joined = {All: " and ", Either: " or "}[type(formula)]
    return "(" + joined.join(formula_text(part) for part in formula.parts) + ")"
