"""Conditions on one span, however composed, and the traces that have such a span in a range of time.

What TraceQL cannot say stands in nodes of their own: a quantifier over the events or links of a span, a pattern found
anywhere in a text, values of one exact type, membership in a list, and columns that are no intrinsics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clew.query.answer import Window
from clew.query.attributes import condition
from clew.query.filters import Filter, FilterScope, Op
from clew.query.hunt import Hunt, Quest
from clew.query.index import IndexedTrace
from clew.query.levels import known_levels, settled
from clew.query.plan.candidates import FormulaScan
from clew.query.plan.made import Condition, Value
from clew.query.plan.necessity import Some
from clew.query.plan.spent import bounded
from clew.query.plan.values import ALWAYS, Alt, Family, Type, Val
from clew.query.read import Read
from clew.query.scan import Candidate, Span
from clew.query.search import FilterScan
from clew.query.traceql.ast import Attribute, Binary, FieldExpr, FieldOp, Level, Static
from clew.query.traceql.lower import filter_of, flatten

if TYPE_CHECKING:
    from clew.query.plan.fieldsql import FieldSql

SCOPES = {
    Level.SPAN: FilterScope.SPAN,
    Level.RESOURCE: FilterScope.RESOURCE,
    Level.INSTRUMENTATION: FilterScope.INSTRUMENTATION,
    Level.EVENT: FilterScope.EVENT,
    Level.LINK: FilterScope.LINK,
}
NEAR = (Level.SPAN, Level.RESOURCE)
"""Where an attribute without a level is looked for; each that has it counts."""
_MEMBERS = {
    Type.STR: "Array(String)",
    Type.INT: "Array(Int64)",
    Type.FLOAT: "Array(Float64)",
    Type.DURATION: "Array(Int64)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf(Condition):
    """One event (or link) of the span passes; inside, that level means this one."""

    level: Level
    where: FieldExpr

    def test(self, fields: FieldSql) -> str:
        """Return SQL that is 1 where one passes."""
        return fields.one_of(self.level, self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads(Condition):
    """An attribute's text is equal; without a level on the span or its resource."""

    key: str
    text: str
    level: Level
    op: Op = Op.READS
    """Whatever the type of the value, or with `=` where it is a text."""

    def filters(self, levels: Sequence[Level] = NEAR) -> list[Filter]:
        """Return the filters of which one passes."""
        those = levels if self.level is Level.ANY else (self.level,)
        return [Filter(SCOPES[level], self.key, self.op, self.text) for level in those]

    def test(self, fields: FieldSql) -> str:
        """Return SQL that is 1 where one of the filters passes."""
        if fields.bound(self.level):
            [item] = self.filters()
            return condition(item, fields.column(self.level), fields.params, arrays=False)
        return "(" + " OR ".join(fields.predicates.conjunction([item]) for item in self.filters()) + ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains(Condition):
    """A pattern is found somewhere in a text; a dot matches no line break."""

    of: FieldExpr
    pattern: str

    def test(self, fields: FieldSql) -> str:
        """Return SQL that is 1 where it is found; of an array in any element."""
        bound = fields.params.text(f"(?-s:{self.pattern})")
        parts = []
        for alt in fields.value(self.of).alts:
            if alt.type.family is Family.TEXT:
                test = f"arrayExists(v -> match(v, {bound}), {alt.sql})" if alt.array else f"match({alt.sql}, {bound})"
                parts.append(f"({alt.has} AND {test})")
        return f"({' OR '.join(parts)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Condition):
    """A value of one type is one of a list; of an array any element."""

    of: FieldExpr
    type: Type
    values: tuple[str, ...] | tuple[int, ...] | tuple[float, ...]

    def test(self, fields: FieldSql) -> str:
        """Return SQL that is 1 where it is."""
        bound = fields.params.bind(self.values, _MEMBERS[self.type])
        parts = [
            f"({alt.has} AND {'hasAny' if alt.array else 'has'}({bound}, {alt.sql}))"
            for alt in fields.value(self.of).alts
            if alt.type is self.type
        ]
        return f"({' OR '.join(parts)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Present(Condition):
    """A field has a value."""

    of: FieldExpr

    def test(self, fields: FieldSql) -> str:
        """Return SQL that is 1 where it has."""
        return fields.value(self.of).present


@dataclass(frozen=True, slots=True, kw_only=True)
class Only(Value):
    """An attribute where it has one exact type, or is an array of it."""

    of: Attribute
    type: Type

    def value(self, fields: FieldSql) -> Val:
        """Return the value without its other types."""
        alts = tuple(alt for alt in fields.value(self.of).alts if alt.type is self.type)
        return Val("(" + " OR ".join(alt.has for alt in alts) + ")", alts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Value):
    """What a column holds; `form` and `there` are SQL in which `{}` is the column."""

    level: Level
    column: str
    type: Type = Type.STR
    form: str = "{}"
    there: str = ""
    """Where it has a value at all; it always has without."""

    def value(self, fields: FieldSql) -> Val:
        """Return the value."""
        column = fields.column(self.level)(self.column)
        has = f"({self.there.format(column)})" if self.there else ALWAYS
        return Val(has, (Alt(self.type, has, self.form.format(column)),))


def joined(op: FieldOp, parts: Sequence[FieldExpr]) -> FieldExpr:
    """Return conditions joined by `&&` or `||`, as a tree that is no deeper than it must be."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return Binary(op, joined(op, parts[:half]), joined(op, parts[half:]))


class ConditionScan(FormulaScan):
    """Looks for spans that pass one condition, which decides alone."""

    def range(self, span: Span, *, behind: Candidate | None = None) -> list[Candidate]:
        """Return candidates of a range."""
        with bounded():
            return super().range(span, behind=behind)

    def decide(self, traces: Sequence[IndexedTrace]) -> Sequence[IndexedTrace]:
        """Return the traces as they are."""
        return traces


def with_span(read: Read, where: FieldExpr, window: Window, limit: int, now: int) -> list[IndexedTrace]:
    """Return the newest traces with a span that starts in a window and passes a condition.

    A plain conjunction goes the way of filters, with their tables and indexes.

    Raises:
        InvalidQueryError: the condition is too complex.
        QueryLimitError: time, memory or rows were used up before the page was full.
    """
    where = _placed(read, where, window)
    filters = _conjunction(where)
    source = FilterScan(read, settled(read, window, filters)) if filters else ConditionScan(read, Some(where))
    return Hunt(read, Quest(window, limit, of_span=True), source).run(now)


def _conjunction(where: FieldExpr) -> list[Filter] | None:
    """Return the filters that a condition is the conjunction of, none where every span passes, `None` for any other."""
    found = []
    for part in flatten(where, FieldOp.AND):
        if part == Static(value=True):
            continue
        nested = isinstance(part, Reads) and part.level not in {*NEAR, Level.INSTRUMENTATION}
        item = part.filters()[0] if isinstance(part, Reads) and not nested else filter_of(part)
        if item is None:
            return None
        found.append(item)
    return found


def _placed(read: Read, where: FieldExpr, window: Window) -> FieldExpr:
    """Return a condition whose attributes without a level are looked for where alone the catalogue knows them."""
    parts = flatten(where, FieldOp.AND)
    loose = {part.key for part in parts if isinstance(part, Reads) and part.level is Level.ANY}
    if not loose:
        return where
    known = known_levels(read, sorted(loose), window)
    placed: list[FieldExpr] = []
    for part in parts:
        if isinstance(part, Reads) and part.level is Level.ANY:
            levels = [level for level in NEAR if level.value in known.get(part.key, {})]
            placed.append(replace(part, level=levels[0]) if len(levels) == 1 else part)
        else:
            placed.append(part)
    return joined(FieldOp.AND, placed)
