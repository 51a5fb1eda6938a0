"""Field expressions to SQL over a row of `spans`: conditions that are 0 or 1, and typed values.

Plain filters go the way of `query.predicates`, with the attribute index and the promoted columns; what is more general
is compared value by value. An expression that looks at the tree of its trace (`lowering.is_local`) must have been taken
apart before.

In one conjunction all comparisons of events hold on one event, and all of links on one link. Elsewhere a field of an
event is that of the first event that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from clew.query.attributes import exists
from clew.query.errors import InvalidQueryError
from clew.query.filters import TRACE_INTRINSICS, Filter, FilterScope
from clew.query.params import Params
from clew.query.plan.arithmetic import OPERATORS, compute, negated
from clew.query.plan.comparisons import OR_NIL, PATTERNS, compare, is_nil, matches, truth
from clew.query.plan.ids import id_test
from clew.query.plan.joins import Joins
from clew.query.plan.made import Condition, Value
from clew.query.plan.values import ALWAYS, NEVER, Alt, Type, Val, always, attribute, first, literal
from clew.query.predicates import NAMELESS, Days, Predicates, UseIndex
from clew.query.traceql.ast import (
    Attribute,
    Binary,
    Field,
    FieldExpr,
    FieldOp,
    Intrinsic,
    Level,
    Name,
    Static,
    Unary,
    UnaryOp,
)
from clew.query.traceql.lower import (
    compared_fields,
    field_and_literal,
    fields,
    filter_of,
    flatten,
    is_logical,
    root_test,
)

NESTED = {Level.EVENT: "events", Level.LINK: "links"}
NESTED_NAMES = {
    Name.EVENT_NAME: Level.EVENT,
    Name.EVENT_TIME: Level.EVENT,
    Name.LINK_TRACE_ID: Level.LINK,
    Name.LINK_SPAN_ID: Level.LINK,
}
DIMENSIONS = {Level.RESOURCE: ("resources", "resource_id"), Level.INSTRUMENTATION: ("scopes", "scope_id")}
ANYWHERE = (Level.SPAN, Level.RESOURCE, Level.EVENT, Level.LINK, Level.INSTRUMENTATION)
"""Where an unscoped attribute is looked for, the first that has it decides."""

MAX_SQL = 50_000
"""Most text that one value may grow to where it cannot be named."""
LONG = 60
"""Longer expressions are written once and named."""


def level_of(field: Field) -> Level:
    """Return the level on which a field stands; intrinsics of spans and traces count to the span."""
    if isinstance(field, Attribute):
        return field.level
    if field.name in {Name.SCOPE_NAME, Name.SCOPE_VERSION}:
        return Level.INSTRUMENTATION
    return NESTED_NAMES.get(field.name, Level.SPAN)


class FieldSql:
    """Builds the expressions of one statement; `joins` says afterwards what its rows need."""

    def __init__(self, params: Params, days: Days, index: UseIndex = UseIndex.NO) -> None:
        self.joins = Joins()
        self.params = params
        self._days = days
        self.predicates = Predicates(params, days, index)
        self._variables: dict[Level, dict[str, str]] = {}
        """Columns of the event or link inside whose lambda an expression is built, by their variable."""
        self._dimension: Level | None = None
        """The level whose own table an expression is built for."""
        self._names: dict[str, str] = {}
        """Long expressions that stand in the prologue, and their names."""

    @property
    def prologue(self) -> str:
        """What comes before SELECT: expressions that are used more than once, so that text does not multiply."""
        listed = ", ".join(f"{sql} AS {name}" for sql, name in self._names.items())
        return f"WITH {listed}" if listed else ""

    def _short(self, value: Val) -> Val:
        """Return a value whose long expressions are names."""
        if self._inside:
            if sum(len(alt.sql) + len(alt.has) for alt in value.alts) > MAX_SQL:
                hint = "use less arithmetic with attributes of events, links and resources"
                raise InvalidQueryError("the query is too complex to be evaluated", start=0, end=0, hint=hint)
            return value
        alts = tuple(replace(alt, has=self._named(alt.has), sql=self._named(alt.sql)) for alt in value.alts)
        return Val(self._named(value.present), alts)

    @property
    def _inside(self) -> bool:
        """Whether an expression is built inside a lambda or a subquery, where names of the statement are not known."""
        return bool(self._variables) or self._dimension is not None

    def _named(self, sql: str) -> str:
        """Return the name of an expression, or itself where it is short or cannot be named."""
        if len(sql) <= LONG or self._inside:
            return sql
        return self._names.setdefault(sql, f"x{len(self._names)}")

    def condition(self, expr: FieldExpr) -> str:  # noqa: PLR0911 - one case after the other
        """Return SQL that is 1 where the expression is true, else 0."""
        if isinstance(expr, Static):
            return ALWAYS if expr.value is True else NEVER
        if isinstance(expr, Condition):
            return expr.test(self)
        if isinstance(expr, Unary) and expr.op is UnaryOp.NOT:
            if is_logical(expr.operand):
                return f"NOT {self.condition(expr.operand)}"
            return truth(self.value(expr.operand), wanted=False)
        if isinstance(expr, Binary) and expr.op is FieldOp.OR:
            return "(" + " OR ".join(self.condition(one) for one in flatten(expr, FieldOp.OR)) + ")"
        if isinstance(expr, Binary) and expr.op in OR_NIL:
            return f"NOT {self.condition(Binary(OR_NIL[expr.op], expr.left, expr.right))}"
        if isinstance(expr, Binary) and expr.op not in OPERATORS:
            return self.conjunction(flatten(expr, FieldOp.AND))
        return truth(self.value(expr))

    def conjunction(self, parts: Sequence[FieldExpr]) -> str:
        """Return SQL that is 1 where all expressions are true."""
        plain: list[Filter] = []
        groups: dict[tuple[Level, ...], list[FieldExpr]] = {}
        rest: list[FieldExpr] = []
        by_value = {level for one in parts if not _plain(one) for level in _compared_levels(one)}
        for one in parts:
            bound = any(level in self._variables for level in _nested_levels(fields(one)))
            levels = tuple(level for level in _compared_levels(one) if level not in self._variables)
            item = None if bound else _plain(one)
            if levels and (item is None or set(levels) & by_value):
                groups.setdefault(levels, []).append(one)
            elif item is not None:
                plain.append(item)
            else:
                rest.append(one)
        found = [self.predicates.conjunction(plain)] if plain else []
        found += [self._within(levels, group) for levels, group in groups.items()]
        found += [self._comparison(one) if _is_comparison(one) else self.condition(one) for one in rest]
        return "(" + " AND ".join(found) + ")" if found else ALWAYS

    def _comparison(self, expr: FieldExpr) -> str:
        assert isinstance(expr, Binary)  # noqa: S101 - asked before
        compared = list(compared_fields(expr))
        levels = {level_of(one) for one in compared}
        only = next(iter(levels)) if len(levels) == 1 and compared == list(fields(expr)) else None
        if only in DIMENSIONS and self._dimension is None:
            table, column = DIMENSIONS[only]
            self._dimension = only
            test = self._compare(expr)
            self._dimension = None
            days = f"day >= {self._days.first} AND day <= {self._days.last}"
            return f"{column} IN (SELECT {column} FROM {table} WHERE tenant = {{tenant:String}} AND {days} AND {test})"
        return self._compare(expr)

    def _compare(self, expr: Binary) -> str:
        rooted = root_test(expr)
        if rooted is not None:
            return "parent_id = 0" if rooted else "parent_id != 0"
        sides = field_and_literal(expr)
        if sides is not None:
            field, op, value = sides
            if isinstance(field, Intrinsic) and not isinstance(field, Value):
                test = id_test(field.name, op, value, self._column_of(field), self.params)
                if test is not None:
                    return test
            if value is None:
                return is_nil(op, self.value(field))
        if expr.op in PATTERNS:
            pattern = expr.right.value if isinstance(expr.right, Static) else None
            return matches(expr.op, self.value(expr.left), pattern, self.params) if isinstance(pattern, str) else NEVER
        for side, other in ((expr.left, expr.right), (expr.right, expr.left)):
            if isinstance(side, Static) and side.value is None:
                return is_nil(expr.op, self.value(other)) if not isinstance(other, Static) else NEVER
        return compare(expr.op, self.value(expr.left), self.value(expr.right))

    def _within(self, levels: tuple[Level, ...], group: Sequence[FieldExpr]) -> str:
        """Return SQL that is 1 where one event (and one link) passes every comparison of the group."""
        for level in levels:
            self._variables[level] = {}
        sql = " AND ".join(self._compare(one) for one in group if isinstance(one, Binary))
        for level in levels:
            sql = self._over(level, sql)
        return sql

    def one_of(self, level: Level, where: FieldExpr) -> str:
        """Return SQL that is 1 where one event (or link) passes a condition, however that is composed."""
        self._variables[level] = {}
        return self._over(level, self.condition(where))

    def _over(self, level: Level, test: str) -> str:
        used = self._variables.pop(level) or {_some_column(level): _variable(level, _some_column(level))}
        columns = ", ".join(f"`{NESTED[level]}.{name}`" for name in used)
        return f"arrayExists(({', '.join(used.values())}) -> {test}, {columns})"

    def value(self, expr: FieldExpr) -> Val:
        """Return the value of an expression."""
        if isinstance(expr, Static):
            return literal(expr.value, self.params)
        if is_logical(expr):
            chosen, self._variables = self._variables, {}  # a condition has its own events
            value = always(Type.BOOL, self.condition(expr))
            self._variables = chosen
            return value
        if isinstance(expr, Unary):
            return negated(self.value(expr.operand))
        if isinstance(expr, Binary):
            return self._short(compute(expr.op, self.value(expr.left), self.value(expr.right)))
        if isinstance(expr, Attribute):
            return self._attribute(expr)
        return self._intrinsic(expr)

    def _attribute(self, field: Attribute) -> Val:
        if field.level is not Level.ANY:
            return self._level(field.level, field.key)
        chosen, self._variables = self._variables, {}  # of the span's own first event, whichever is looked at
        value = self._short(first([self._level(level, field.key) for level in ANYWHERE], self._named))
        self._variables = chosen
        return value

    def _level(self, level: Level, key: str) -> Val:
        if level is Level.RESOURCE and key == "service.name" and self._dimension is None:
            return self._service()
        if level in NESTED and not self.bound(level):
            return self._of_first(level, key)
        return attribute(key, self.column(level), self.params, arrays=level not in NESTED)

    def bound(self, level: Level) -> bool:
        """Return whether an expression is built for one event (or link) of the level."""
        return level in self._variables

    def column(self, level: Level) -> Callable[[str], str]:
        """Return what makes SQL of the name of a column; events and links must be bound."""
        if level in NESTED:
            used = self._variables[level]
            return lambda name: used.setdefault(name, _variable(level, name))
        if level is Level.SPAN or level is self._dimension:
            return lambda name: name
        return self.joins.resource if level is Level.RESOURCE else self.joins.scope

    def _of_first(self, level: Level, key: str) -> Val:
        """Return the attribute of the first event or link that has it."""
        group = NESTED[level]
        maps = [f"attr_{kind}" for kind in ("str", "int", "float", "bool", "any")]
        test = exists(key, lambda name: f"m_{name}", self.params, arrays=False)
        variables, columns = ", ".join(f"m_{one}" for one in maps), ", ".join(f"`{group}.{one}`" for one in maps)
        place = self._named(f"arrayFirstIndex(({variables}) -> {test}, {columns})")
        found = attribute(key, lambda name: f"`{group}.{name}`[{place}]", self.params, arrays=False)
        return Val(f"({place} != 0)", found.alts)

    def _service(self) -> Val:
        """Return `resource.service.name` from its own column, which shows a name also where none was sent."""
        inside = f"day >= {self._days.first} AND day <= {self._days.last} AND mapContains(attr_str, 'service.name')"
        sent = f"resource_id IN (SELECT resource_id FROM resources WHERE tenant = {{tenant:String}} AND {inside})"
        has = f"(service NOT IN {self.params.texts(NAMELESS)} OR {sent})"
        return Val(has, (Alt(Type.STR, has, "service"),))

    def _intrinsic(self, field: Intrinsic) -> Val:
        if isinstance(field, Value):
            return field.value(self)
        name = field.name
        column = self._column_of(field)
        if name in {Name.SPAN_ID, Name.PARENT_ID, Name.LINK_SPAN_ID}:
            text = f"leftPad(lower(hex({column})), 16, '0')"
            value = always(Type.STR, f"if({column} = 0, '', {text})" if name is Name.PARENT_ID else text)
        elif name in {Name.TRACE_ID, Name.LINK_TRACE_ID}:
            value = always(Type.STR, f"lower(hex({column}))")
        elif name is Name.DURATION:
            value = always(Type.DURATION, f"toInt64({column})")
        elif name is Name.TRACE_DURATION:
            value = always(Type.DURATION, column)
        elif name is Name.EVENT_TIME:
            since = f"(toUnixTimestamp64Nano({column}) - toUnixTimestamp64Nano(start))"
            value = always(Type.DURATION, since)
        elif name is Name.STATUS:
            value = always(Type.STATUS, column)
        elif name is Name.KIND:
            value = always(Type.KIND, column)
        else:
            value = always(Type.STR, column)
        level = NESTED_NAMES.get(name)
        if level is not None and level not in self._variables:  # of the first event, if there is one
            has = f"notEmpty(`{NESTED[level]}.{_INTRINSIC_COLUMNS[name]}`)"
            return Val(has, tuple(Alt(alt.type, has, alt.sql) for alt in value.alts))
        return value

    def _column_of(self, field: Intrinsic) -> str:
        name = field.name
        column = _INTRINSIC_COLUMNS[name]
        level = level_of(field)
        if level in NESTED:
            used = self._variables.get(level)
            return (
                f"`{NESTED[level]}.{column}`[1]" if used is None else used.setdefault(column, _variable(level, column))
            )
        if name.value in TRACE_INTRINSICS:
            return self.joins.trace(column)
        if level is Level.INSTRUMENTATION and self._dimension is None:
            return self.joins.scope(column)
        return column


_NO_COMPARISONS = {*OPERATORS, FieldOp.AND, FieldOp.OR, *OR_NIL}
_INTRINSIC_COLUMNS = {
    Name.DURATION: "duration",
    Name.NAME: "name",
    Name.STATUS: "status",
    Name.STATUS_MESSAGE: "status_message",
    Name.KIND: "kind",
    Name.SPAN_ID: "span_id",
    Name.PARENT_ID: "parent_id",
    Name.TRACE_ID: "trace_id",
    Name.TRACE_DURATION: "duration",
    Name.ROOT_NAME: "root_name",
    Name.ROOT_SERVICE: "root_service",
    Name.EVENT_NAME: "name",
    Name.EVENT_TIME: "time",
    Name.LINK_TRACE_ID: "trace_id",
    Name.LINK_SPAN_ID: "span_id",
    Name.SCOPE_NAME: "name",
    Name.SCOPE_VERSION: "version",
}


def _variable(level: Level, name: str) -> str:
    return f"{level.value[0]}_{name}"


def _some_column(level: Level) -> str:
    return "name" if level is Level.EVENT else "span_id"


def _is_comparison(expr: FieldExpr) -> bool:
    return isinstance(expr, Binary) and expr.op not in _NO_COMPARISONS


def _plain(expr: FieldExpr) -> Filter | None:
    item = filter_of(expr)
    return None if item is None or (item.scope is FilterScope.INTRINSIC and item.key in TRACE_INTRINSICS) else item


def _compared_levels(expr: FieldExpr) -> tuple[Level, ...]:
    """Return the levels of which one event (and one link) must pass; whether there is any is asked of the span."""
    sides = field_and_literal(expr)
    there = sides is not None and isinstance(sides[0], Intrinsic) and sides[2] is None
    compares = isinstance(expr, Binary) and _is_comparison(expr) and not there
    return _nested_levels(compared_fields(expr)) if compares else ()


def _nested_levels(found: Iterable[Field]) -> tuple[Level, ...]:
    levels = {level_of(one) for one in found}
    return tuple(level for level in NESTED if level in levels)
