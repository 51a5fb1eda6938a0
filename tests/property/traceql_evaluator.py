"""TraceQL over plain spans, one after the other: slow, and simple enough to be read as the meaning of the language."""

from __future__ import annotations

import itertools
import math
import operator
import re
from dataclasses import dataclass, field, replace
from typing import Any

from clew.model import Kind, Status
from clew.query.filters import Duration
from clew.query.traceql.ast import (
    Aggregate,
    AggregateFn,
    Attribute,
    Binary,
    By,
    Coalesce,
    FieldOp,
    Filter,
    Intrinsic,
    Level,
    Name,
    Pipeline,
    ScalarBinary,
    ScalarFilter,
    Select,
    Sort,
    SpansetBinary,
    SpansetOp,
    Static,
    Unary,
    UnaryOp,
)
from clew.query.traceql.text import print_expression as text

OTHER = object()
"""A value that is there and compares with nothing."""
NEGATIONS = {
    FieldOp.NE: FieldOp.EQ,
    FieldOp.NE_FOLD: FieldOp.EQ_FOLD,
    FieldOp.NOT_MATCH: FieldOp.MATCH,
    FieldOp.NOT_MATCH_FOLD: FieldOp.MATCH_FOLD,
}
OR_NIL = {FieldOp.NE_OR_NIL: FieldOp.EQ, FieldOp.NOT_MATCH_OR_NIL: FieldOp.MATCH}
MATH = {FieldOp.ADD, FieldOp.SUB, FieldOp.MUL, FieldOp.DIV, FieldOp.MOD, FieldOp.POW}
ORDER = {FieldOp.LT: operator.lt, FieldOp.LE: operator.le, FieldOp.GT: operator.gt, FieldOp.GE: operator.ge}
INNER = (Level.EVENT, Level.LINK)
INNER_NAMES = {
    Name.EVENT_NAME: Level.EVENT,
    Name.EVENT_TIME: Level.EVENT,
    Name.LINK_TRACE_ID: Level.LINK,
    Name.LINK_SPAN_ID: Level.LINK,
}
FOLDS = {FieldOp.EQ_FOLD, FieldOp.NE_FOLD, FieldOp.MATCH_FOLD, FieldOp.NOT_MATCH_FOLD}


@dataclass
class Happening:
    """An event or a link."""

    name: str
    time: int
    trace_id: str
    span_id: str
    attributes: dict[str, Any]


@dataclass(eq=False)
class PlainSpan:
    """A span."""

    trace: int
    span_id: int
    parent_id: int
    start: int
    duration: int
    name: str
    kind: int
    status: int
    message: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    scope: dict[str, Any]
    scope_name: str
    scope_version: str
    events: list[Happening]
    links: list[Happening]
    parent: PlainSpan | None = None
    children: list[PlainSpan] = field(default_factory=list)
    family: Any = None
    numbers: tuple[int, int, int] = (0, 0, 0)
    whole: Whole | None = None

    @property
    def ancestors(self):
        """The parent, its parent and so on."""
        one = self.parent
        while one is not None:
            yield one
            one = one.parent


class Whole:
    """A trace: its spans in order, with their tree."""

    def __init__(self, spans: list[PlainSpan]) -> None:
        self.others: list[Whole] = []
        self.spans = sorted(spans, key=lambda one: (one.start, one.span_id, one.kind))
        self.start = min(one.start for one in spans)
        self.duration = max(one.start + one.duration for one in spans) - self.start
        roots = [one for one in self.spans if one.parent_id == 0]
        first = min(roots, key=lambda one: (one.start, one.span_id), default=None)
        self.root_name = first.name if first else ""
        self.root_service = first.resource.get("service.name", "unknown_service") if first else ""
        for one in self.spans:
            one.whole = self
            one.parent = self._parent(one)
        self._cut_cycles()
        for one in self.spans:
            if one.parent is not None:
                one.parent.children.append(one)
                one.family = ("child", id(one.parent))
            else:
                one.family = ("root",) if one.parent_id == 0 else ("missing", one.parent_id)
        self._number()

    def _twins(self, span_id, first):
        found = [one for one in self.spans if one.span_id == span_id]
        return sorted(found, key=lambda one: (one.kind != first, one.start))

    def _parent(self, span):
        if span.kind == Kind.SERVER:
            twin = self._twins(span.span_id, Kind.CLIENT)[0]
            if twin.kind == Kind.CLIENT and twin.parent_id == span.parent_id:
                return twin
        found = self._twins(span.parent_id, Kind.CLIENT if span.kind == Kind.SERVER else Kind.SERVER)
        return found[0] if span.parent_id and found and found[0] is not span else None

    def _cut_cycles(self):
        for span in self.spans:
            seen, one = [span], span.parent
            while one is not None and one not in seen:
                seen.append(one)
                one = one.parent
            if one is not None:
                ring = seen[seen.index(one) :]
                min(ring, key=lambda each: (each.start, self.spans.index(each))).parent = None

    def _number(self):
        for one in self.spans:
            one.numbers = (0, 0, 0 if one.parent_id else -1)
        ids = [one.span_id for one in self.spans]
        if any(ids.count(one) > 2 for one in ids):
            return
        counter = itertools.count(1)

        def visit(span, parent):
            left = next(counter)
            for child in sorted(span.children, key=lambda one: (one.start, one.span_id)):
                visit(child, left)
            span.numbers = (left, next(counter), parent if span.parent_id else -1)

        for root in [one for one in self.spans if one.parent is None and one.parent_id == 0]:
            visit(root, -1)


# --- fields ----------------------------------------------------------------------------------------------------------


def fields(expr):
    """All fields of an expression."""
    if isinstance(expr, Binary):
        return fields(expr.left) + fields(expr.right)
    if isinstance(expr, Unary):
        return fields(expr.operand)
    return [] if isinstance(expr, Static) else [expr]


def compared(expr):
    """The fields whose values a comparison compares, without those of conditions that are operands of it."""
    sides = [expr.left, expr.right] if isinstance(expr, Binary) else [expr.operand]
    plain = [one for one in sides if not is_condition(one)]
    return [of for one in plain for of in (compared(one) if isinstance(one, Binary | Unary) else fields(one))]


def inner_level(of):
    """The level of events or links that a field is on."""
    if of.parent:
        return None
    if isinstance(of, Attribute):
        return of.level if of.level in INNER else None
    return INNER_NAMES.get(of.name)


def happenings(span, level):
    """The events or links of a span."""
    return span.events if level is Level.EVENT else span.links


def look_up(of, span, chosen):
    """The value of a field; `chosen` holds the event and link that are looked at, by level."""
    if of.parent:
        return None if span.parent is None else look_up(replace(of, parent=False), span.parent, {})
    level = inner_level(of)
    if level is not None:
        if level in chosen:
            return inner_value(of, span, chosen[level])
        for one in happenings(span, level):
            found = inner_value(of, span, one)
            if found is not None:
                return found
        return None
    return attribute(of, span) if isinstance(of, Attribute) else intrinsic(of.name, span)


def inner_value(of, span, one):
    """A field of an event or link."""
    if isinstance(of, Attribute):
        return one.attributes.get(of.key)
    return {
        Name.EVENT_NAME: one.name,
        Name.EVENT_TIME: Duration(one.time - span.start),
        Name.LINK_TRACE_ID: one.trace_id,
        Name.LINK_SPAN_ID: one.span_id,
    }[of.name]


def attribute(of, span):
    """An attribute of a span, its resource or its scope, or of the first level that has it."""
    maps = {Level.SPAN: span.attributes, Level.RESOURCE: span.resource, Level.INSTRUMENTATION: span.scope}
    if of.level is not Level.ANY:
        return maps[of.level].get(of.key)
    inner = [one.attributes for one in (*span.events, *span.links)]
    for one in (span.attributes, span.resource, *inner, span.scope):
        if of.key in one:
            return one[of.key]
    return None


def intrinsic(name, span):
    """An intrinsic of a span."""
    whole = span.whole
    return {
        Name.DURATION: Duration(span.duration),
        Name.NAME: span.name,
        Name.STATUS: Status(span.status),
        Name.STATUS_MESSAGE: span.message,
        Name.KIND: Kind(span.kind),
        Name.SPAN_ID: f"{span.span_id:016x}",
        Name.PARENT_ID: f"{span.parent_id:016x}" if span.parent_id else "",
        Name.CHILD_COUNT: len(span.children),
        Name.TRACE_ID: f"{span.trace:032x}",
        Name.TRACE_DURATION: Duration(whole.duration),
        Name.ROOT_NAME: whole.root_name,
        Name.ROOT_SERVICE: whole.root_service,
        Name.SCOPE_NAME: span.scope_name,
        Name.SCOPE_VERSION: span.scope_version,
        Name.NESTED_LEFT: span.numbers[0],
        Name.NESTED_RIGHT: span.numbers[1],
        Name.NESTED_PARENT: span.numbers[2],
    }[name]


def value(expr, span, chosen):
    """The value of an expression."""
    if isinstance(expr, Static):
        return expr.value
    if isinstance(expr, Attribute | Intrinsic):
        return look_up(expr, span, chosen)
    if isinstance(expr, Unary) and expr.op is UnaryOp.NEG:
        operand = value(expr.operand, span, chosen)
        return arithmetic(FieldOp.SUB, 0, operand) if not isinstance(operand, float) else -operand
    if isinstance(expr, Binary) and expr.op in MATH:
        return arithmetic(expr.op, value(expr.left, span, chosen), value(expr.right, span, chosen))
    return holds(expr, span)


def is_number(one):
    """Whether a value computes."""
    return isinstance(one, int | float) and not isinstance(one, bool | Status | Kind)


def arithmetic(op, a, b):
    """Integers stay integers of 64 bits, everything with a float is IEEE; a quotient of integers by 0 has no value."""
    if not (is_number(a) and is_number(b)):
        return None
    if isinstance(a, float) or isinstance(b, float):
        return real(op, float(a), float(b))
    if op is FieldOp.POW:
        made = power(float(a), float(b))
        return int(made) if b >= 0 and abs(made) < 2**53 else made
    if op in {FieldOp.DIV, FieldOp.MOD} and b == 0:
        return None
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) if b else 0
    made = {
        FieldOp.ADD: a + b,
        FieldOp.SUB: a - b,
        FieldOp.MUL: a * b,
        FieldOp.DIV: quotient,
        FieldOp.MOD: a - b * quotient,
    }[op]
    wrapped = (made + 2**63) % 2**64 - 2**63
    return Duration(wrapped) if isinstance(a, Duration) or isinstance(b, Duration) else wrapped


def real(op, a, b):
    """Floats."""
    if op is FieldOp.POW:
        return power(a, b)
    if op is FieldOp.MOD:
        return math.nan if b == 0 or math.isinf(a) else math.fmod(a, b)
    if op is FieldOp.DIV and b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    calculate = {FieldOp.ADD: operator.add, FieldOp.SUB: operator.sub, FieldOp.MUL: operator.mul}
    return calculate.get(op, operator.truediv)(a, b)


def power(a, b):
    """IEEE power."""
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        return math.inf if a == 0 else math.nan


# --- conditions ------------------------------------------------------------------------------------------------------


def holds(expr, span) -> bool:  # noqa: PLR0911 - one case after the other
    """Whether a condition holds; what is no condition must be a boolean that is true."""
    if isinstance(expr, Static):
        return expr.value is True
    if isinstance(expr, Unary) and expr.op is UnaryOp.NOT:
        if is_condition(expr.operand):
            return not holds(expr.operand, span)
        return value(expr.operand, span, {}) is False
    if isinstance(expr, Binary) and expr.op is FieldOp.OR:
        return holds(expr.left, span) or holds(expr.right, span)
    if isinstance(expr, Binary) and expr.op is FieldOp.AND:
        return conjunction(conjuncts(expr), span)
    if isinstance(expr, Binary) and expr.op not in MATH:
        return conjunction([expr], span)
    return value(expr, span, {}) is True


def is_condition(expr):
    """Whether an expression is a condition by its form."""
    return isinstance(expr, Static) or (
        expr.op not in MATH if isinstance(expr, Binary) else isinstance(expr, Unary) and expr.op is UnaryOp.NOT
    )


def conjuncts(expr):
    """The operands of a chain of `&&`."""
    if isinstance(expr, Binary) and expr.op is FieldOp.AND:
        return conjuncts(expr.left) + conjuncts(expr.right)
    return [expr]


def conjunction(parts, span):
    """All hold, comparisons of events on one event and of links on one link."""
    own, above = [], []
    for one in parts:
        found = fields(one)
        (above if found and all(each.parent for each in found) else own).append(one)
    if above:
        plain = [without_parent(one) for one in above]
        passed = conjunction(plain, span.parent) if span.parent else all(holds_nil(one) for one in above)
        if not passed:
            return False
    together: dict[tuple[Level, ...], list[Any]] = {}
    for one in own:
        compares = isinstance(one, Binary) and one.op not in {FieldOp.AND, FieldOp.OR, *OR_NIL, *MATH}
        there = compares and is_nil_test(one) and isinstance(plain_side(one), Intrinsic)  # whether it has any
        levels = {inner_level(each) for each in compared(one)} - {None} if compares and not there else set()
        if levels:
            together.setdefault(tuple(level for level in INNER if level in levels), []).append(one)
        elif isinstance(one, Binary) and one.op in OR_NIL:
            if holds(Binary(OR_NIL[one.op], one.left, one.right), span):
                return False
        elif not (compares_plainly(one, span) if compares else holds(one, span)):
            return False
    return all(inside(levels, group, span) for levels, group in together.items())


def inside(levels, group, span):
    """Whether one event (and one link) passes all comparisons."""
    choices = [[(level, one) for one in happenings(span, level)] for level in levels]
    absent = all(one.op is FieldOp.EQ and is_nil_test(one) and isinstance(plain_side(one), Attribute) for one in group)
    if absent and len(levels) == 1 and not choices[0]:
        return True
    return any(all(compares(one, span, dict(picked)) for one in group) for picked in itertools.product(*choices))


def is_nil_test(one):
    """Whether a comparison is with nil."""
    return any(isinstance(side, Static) and side.value is None for side in (one.left, one.right))


def plain_side(one):
    """The side that is not the literal."""
    return one.right if isinstance(one.left, Static) else one.left


def compares_plainly(one, span):
    """A comparison outside events; an unscoped attribute that only events (or links) have may be that of any."""
    sides = [side for side in (one.left, one.right) if isinstance(side, Attribute) and side.level is Level.ANY]
    other = [side for side in (one.left, one.right) if isinstance(side, Static)]
    simple = len(sides) == len(other) == 1 and not sides[0].parent and one.op not in FOLDS
    if simple and other[0].value is not None and sides[0].key not in {**span.attributes, **span.resource}:
        for level in INNER:
            having = [each for each in happenings(span, level) if sides[0].key in each.attributes]
            if having:
                scoped = Attribute(level, sides[0].key)
                plain = Binary(one.op, *(scoped if side is sides[0] else side for side in (one.left, one.right)))
                return any(compares(plain, span, {level: each}) for each in having)
    return compares(one, span, {})


def without_parent(expr):
    """An expression as the parent sees it."""
    if isinstance(expr, Binary):
        return Binary(expr.op, without_parent(expr.left), without_parent(expr.right))
    if isinstance(expr, Unary):
        return Unary(expr.op, without_parent(expr.operand))
    if isinstance(expr, Attribute):
        return Attribute(expr.level, expr.key)
    return Intrinsic(expr.name) if isinstance(expr, Intrinsic) else expr


def holds_nil(expr):  # noqa: PLR0911 - one case after the other
    """Whether a condition holds where every field is nil."""
    if isinstance(expr, Static):
        return expr.value is True
    if isinstance(expr, Unary):
        return expr.op is UnaryOp.NOT and is_condition(expr.operand) and not holds_nil(expr.operand)
    if not isinstance(expr, Binary):
        return False
    if expr.op in {FieldOp.AND, FieldOp.OR}:
        both = (holds_nil(expr.left), holds_nil(expr.right))
        return all(both) if expr.op is FieldOp.AND else any(both)
    if expr.op in OR_NIL:
        return not holds_nil(Binary(OR_NIL[expr.op], expr.left, expr.right))
    if is_nil_test(expr):
        return expr.op is FieldOp.EQ
    left, right = of_nil(expr.left), of_nil(expr.right)
    base = NEGATIONS.get(expr.op, expr.op)
    name = family([left], left)
    if not name or name != family([right], right) or not fits(base, name):
        return False
    return test(base, left, right) is (base is expr.op)


def of_nil(expr):
    """The value of an expression all of whose fields are nil."""
    if isinstance(expr, Static):
        return expr.value
    return holds_nil(expr) if is_condition(expr) else None


def compares(one, span, chosen):
    """Whether a comparison holds."""
    left, right = value(one.left, span, chosen), value(one.right, span, chosen)
    if is_nil_test(one):
        there = (right if isinstance(one.left, Static) else left) is not None
        return there is (one.op is FieldOp.NE) if one.op in {FieldOp.EQ, FieldOp.NE} else False
    base = NEGATIONS.get(one.op, one.op)
    if isinstance(left, list) and isinstance(right, list):
        return False
    for side, want, literal in ((left, right, one.right), (right, left, one.left)):
        name = next((each.name for each in fields(one) if isinstance(each, Intrinsic)), None)
        if isinstance(literal, Static) and name in ID_WIDTH and base is FieldOp.EQ and isinstance(want, str):
            return side is not None and (side == spelled(want, ID_WIDTH[name])) is (base is one.op)
    lefts, rights = (side if isinstance(side, list) else [side] for side in (left, right))
    if not family(lefts, left) or family(lefts, left) != family(rights, right) or not fits(base, family(lefts, left)):
        return False
    return any(test(base, a, b) for a in lefts for b in rights) is (base is one.op)


def spelled(wanted, width):
    """An id as intrinsics have it, whatever zeros and case it is written with."""
    return wanted.lstrip("0").rjust(width, "0").lower() if wanted else ""


ID_WIDTH = {Name.TRACE_ID: 32, Name.SPAN_ID: 16, Name.PARENT_ID: 16, Name.LINK_TRACE_ID: 32, Name.LINK_SPAN_ID: 16}


def family(values, given):
    """What values compare with."""
    one = values[0] if values else ""
    if given is None or given is OTHER:
        return None
    for kinds, name in ((bool, "bool"), (Status, "status"), (Kind, "kind"), (str, "text"), ((int, float), "number")):
        if isinstance(one, kinds):
            return name
    return None


def fits(op, name):
    """Whether an operator is defined."""
    if op in {FieldOp.MATCH, FieldOp.MATCH_FOLD, FieldOp.EQ_FOLD}:
        return name == "text"
    return op is FieldOp.EQ or name in {"text", "number"}


def test(op, a, b):
    """One comparison of two values of one family."""
    if op in {FieldOp.MATCH, FieldOp.MATCH_FOLD}:
        return re.fullmatch(b, a, re.DOTALL | (re.IGNORECASE if op is FieldOp.MATCH_FOLD else 0)) is not None
    if op is FieldOp.EQ_FOLD:
        return a.lower() == b.lower()
    return a == b if op is FieldOp.EQ else ORDER[op](a, b)


# --- spansets --------------------------------------------------------------------------------------------------------


@dataclass
class Set:
    """Spans with what is said about them."""

    spans: list[PlainSpan]
    attributes: dict[str, Any] = field(default_factory=dict)


RELATIONS = {
    ">": lambda left, right: right.parent is left,
    "<": lambda left, right: left.parent is right,
    ">>": lambda left, right: left in list(right.ancestors),
    "<<": lambda left, right: right in list(left.ancestors),
    "~": lambda left, right: left is not right and left.family == right.family,
}


def spans_of(expr, spans):  # noqa: PLR0911 - one case after the other
    """The spans of a spanset expression, out of those of one spanset."""
    if isinstance(expr, Filter):
        return [one for one in spans if holds(expr.where, one)]
    if isinstance(expr, Pipeline):
        kept = [one for each in stages(expr.stages, [Set(spans)]) for one in each.spans]
        return [one for one in spans if one in kept]
    if expr.op in {SpansetOp.LINK_TO, SpansetOp.LINK_FROM}:
        return linked(expr, spans)
    left, right = spans_of(expr.left, spans), spans_of(expr.right, spans)
    if expr.op is SpansetOp.AND and not (left and right):
        return []
    if expr.op in {SpansetOp.AND, SpansetOp.OR}:
        return [one for one in spans if one in left or one in right]
    relation = RELATIONS[expr.op.value.lstrip("!&")]
    if expr.op.value.startswith("!"):
        return [one for one in right if not any(relation(each, one) for each in left)]
    kept = [one for one in right if any(relation(each, one) for each in left)]
    if expr.op.value.startswith("&"):
        kept += [one for one in left if any(relation(one, each) for each in right)]
    return [one for one in spans if one in kept]


def linked(expr, spans):
    """The spans of the right side that a link leads to from, or that have a link to, the left side of any trace."""
    wholes = spans[0].whole.others if spans else []
    left = [one for whole in wholes for one in spans_of(expr.left, whole.spans)]

    def leads(one, other):
        return any(
            int(link.trace_id, 16) == other.trace and int(link.span_id, 16) == other.span_id for link in one.links
        )

    to = expr.op is SpansetOp.LINK_TO
    right = spans_of(expr.right, spans)
    return [one for one in right if any(leads(each, one) if to else leads(one, each) for each in left)]


def typed(one):
    """A value that equals only values of its own type."""
    if isinstance(one, list):
        return (list, *(typed(each) for each in one))
    if isinstance(one, float):
        return (float, "NaN" if math.isnan(one) else one + 0.0)
    return (type(one), one)


@dataclass(frozen=True, eq=False)
class Told:
    """A value that is told from those of other types, and may be a key."""

    value: Any

    def __eq__(self, other):
        return isinstance(other, Told) and typed(self.value) == typed(other.value)

    def __hash__(self):
        return hash(repr(typed(self.value)))


def stages(given, sets):
    """The spansets that come out of stages."""
    for number, stage in enumerate(given):
        if isinstance(stage, Filter | SpansetBinary | Pipeline):
            sets = [Set(spans_of(stage, one.spans), one.attributes) for one in sets]
        elif isinstance(stage, By):
            sets = [part for one in sets for part in by(stage, one)]
        elif isinstance(stage, Coalesce):
            sets = [Set([span for one in sets for span in one.spans])]
        elif isinstance(stage, ScalarFilter):
            sets = [kept for one in sets for kept in scalar_filter(stage, one, first=number == 0)]
        elif not isinstance(stage, Select | Sort):
            raise TypeError(stage)
        sets = [one for one in sets if one.spans]
    return sets


def by(stage, one):
    """One spanset per tuple of values."""
    found: dict[Any, Set] = {}
    for span in one.spans:
        values = [value(each, span, {}) for each in stage.fields]
        values = [None if each is OTHER else each for each in values]
        names = {f"by({text(of)})": each for of, each in zip(stage.fields, values, strict=True)}
        found.setdefault(tuple(typed(each) for each in values), Set([], {**one.attributes, **names})).spans.append(span)
    return list(found.values())


def inner_pipelines(expr):
    """The pipelines inside a scalar."""
    if isinstance(expr, ScalarBinary):
        return inner_pipelines(expr.left) + inner_pipelines(expr.right)
    return [] if isinstance(expr, Aggregate | Static) else [expr.pipeline, *inner_pipelines(expr.scalar)]


def scalar_filter(stage, one, *, first):
    """The spanset, if the comparison holds."""
    inner = inner_pipelines(stage.left) + inner_pipelines(stage.right)
    spans = one.spans
    if inner and first:
        kept = [each for pipeline in inner for each in spans_of(pipeline, spans)]
        spans = [each for each in spans if each in kept]
    a, b = scalar(stage.left, spans), scalar(stage.right, spans)
    if a is None or b is None or not spans:
        return []
    passed = test(NEGATIONS.get(stage.op, stage.op), a, b) is not (stage.op in NEGATIONS)
    shown = {text(each): aggregate(each, spans) for side in (stage.left, stage.right) for each in own_aggregates(side)}
    return [Set(spans, {**one.attributes, **shown})] if passed else []


def own_aggregates(expr):
    """The aggregates over the spanset itself."""
    if isinstance(expr, ScalarBinary):
        return own_aggregates(expr.left) + own_aggregates(expr.right)
    return [expr] if isinstance(expr, Aggregate) else []


def scalar(expr, spans):
    """A number of a spanset, or None."""
    if isinstance(expr, Static):
        return expr.value
    if isinstance(expr, ScalarBinary):
        return arithmetic(expr.op, scalar(expr.left, spans), scalar(expr.right, spans))
    if isinstance(expr, Aggregate):
        return aggregate(expr, spans)
    inside_spans = spans_of(expr.pipeline, spans)
    return scalar(expr.scalar, inside_spans) if inside_spans else None


def aggregate(expr, spans):
    """An aggregate over spans; what is no number counts for `count_distinct` alone."""
    if expr.of is None:
        return len(spans)
    values = [value(expr.of, one, {}) for one in spans]
    if expr.fn is AggregateFn.COUNT_DISTINCT:
        return len({typed(one) for one in values if one is not None and one is not OTHER})
    numbers = [one for one in values if is_number(one) and not (isinstance(one, float) and math.isnan(one))]
    if not numbers:
        return None
    if any(isinstance(one, float) for one in numbers):
        numbers = [float(one) for one in numbers]
    duration = all(isinstance(one, Duration) for one in numbers)
    made = {AggregateFn.MIN: min, AggregateFn.MAX: max}.get(expr.fn, sum)(numbers)
    if expr.fn is AggregateFn.AVG:
        mean = made / len(numbers)
        return Duration(int(mean)) if duration else mean
    if isinstance(made, int) and not -(2**63) <= made < 2**63:
        return float(made)
    return Duration(made) if duration else made


def sort_key(stage, sets):
    """What a trace is sorted by: nothing comes before numbers, these before texts."""
    spans = [span for one in sets for span in one.spans]
    if isinstance(stage.key, Aggregate):
        return ordered(aggregate(stage.key, spans))
    keys = [ordered(value(stage.key, one, {})) for one in spans]
    there = [one for one in keys if one != ordered(None)]
    return (max if stage.descending else min)(there, default=ordered(None))


def ordered(one):
    """A value with its place among those of other types."""
    if one is None or one is OTHER or isinstance(one, list) or (isinstance(one, float) and math.isnan(one)):
        return (-1, 0)
    return (1, one) if isinstance(one, str) else (0, one)


def evaluate(pipeline, spans):
    """The spansets of each trace: {trace: [Set]}."""
    traces: dict[int, list[PlainSpan]] = {}
    for one in spans:
        traces.setdefault(one.trace, []).append(one)
    wholes = {number: Whole(members) for number, members in traces.items()}
    for one in wholes.values():
        one.others = list(wholes.values())
    found = {number: stages(pipeline.stages, [Set(one.spans)]) for number, one in wholes.items()}
    return {number: sets for number, sets in found.items() if sets}
