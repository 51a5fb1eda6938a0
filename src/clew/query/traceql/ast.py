"""The syntax tree of TraceQL. Nodes are values: equal when they mean the same text, whatever their position.

Extensions of Clew, none of which is valid TraceQL elsewhere: `parent.` works, the folding and the absent-or-different
comparisons, the link operators, `sort`, `count_distinct`, several fields in `by`, comparisons of aggregates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from clew.query.filters import Value


@dataclass(frozen=True, slots=True)
class Pos:
    """Where a node stands in the text: character offsets, the end exclusive."""

    start: int = 0
    end: int = 0


_NOWHERE = Pos()


class Level(StrEnum):
    """Where an attribute lives."""

    ANY = "any"
    """Unscoped: the first of span, resource, event, link and instrumentation that has the key decides."""
    SPAN = "span"
    RESOURCE = "resource"
    EVENT = "event"
    LINK = "link"
    INSTRUMENTATION = "instrumentation"


class Name(StrEnum):
    """An intrinsic; the value is its canonical name, which is also its label in answers."""

    DURATION = "duration"
    NAME = "name"
    STATUS = "status"
    STATUS_MESSAGE = "statusMessage"
    KIND = "kind"
    SPAN_ID = "span:id"
    PARENT_ID = "span:parentID"
    CHILD_COUNT = "span:childCount"
    TRACE_ID = "trace:id"
    TRACE_DURATION = "traceDuration"
    ROOT_NAME = "rootName"
    ROOT_SERVICE = "rootServiceName"
    EVENT_NAME = "event:name"
    EVENT_TIME = "event:timeSinceStart"
    LINK_TRACE_ID = "link:traceID"
    LINK_SPAN_ID = "link:spanID"
    SCOPE_NAME = "instrumentation:name"
    SCOPE_VERSION = "instrumentation:version"
    NESTED_LEFT = "nestedSetLeft"
    NESTED_RIGHT = "nestedSetRight"
    NESTED_PARENT = "nestedSetParent"


class FieldOp(StrEnum):
    """An operator between field expressions."""

    OR = "||"
    AND = "&&"
    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    MATCH = "=~"
    NOT_MATCH = "!~"
    EQ_FOLD = "=i"
    """Equal but for case (extension)."""
    NE_FOLD = "!=i"
    MATCH_FOLD = "=~i"
    NOT_MATCH_FOLD = "!~i"
    NE_OR_NIL = "!=?"
    """Absent or different (extension): the negation of `=`."""
    NOT_MATCH_OR_NIL = "!~?"
    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    POW = "^"


class UnaryOp(StrEnum):
    """An operator before a field expression."""

    NOT = "!"
    NEG = "-"


class SpansetOp(StrEnum):
    """An operator between spansets; structural ones return spans of the right side."""

    AND = "&&"
    OR = "||"
    CHILD = ">"
    PARENT = "<"
    DESCENDANT = ">>"
    ANCESTOR = "<<"
    SIBLING = "~"
    NOT_CHILD = "!>"
    NOT_PARENT = "!<"
    NOT_DESCENDANT = "!>>"
    NOT_ANCESTOR = "!<<"
    NOT_SIBLING = "!~"
    UNION_CHILD = "&>"
    UNION_PARENT = "&<"
    UNION_DESCENDANT = "&>>"
    UNION_ANCESTOR = "&<<"
    UNION_SIBLING = "&~"
    LINK_TO = "~>"
    """Spans of the right side that a span of the left side has a link to, in whatever trace (extension)."""
    LINK_FROM = "<~"
    """Spans of the right side that have a link to a span of the left side: links followed backwards (extension)."""


@dataclass(frozen=True, slots=True, eq=False)
class Static:
    """A literal; `value` is a `clew.query.filters.Value`, whose class is the type (None is nil)."""

    value: Value
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Static) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a span, or with `parent` of the span's parent."""

    level: Level
    key: str
    parent: bool = False
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """An intrinsic of a span, or with `parent` of the span's parent."""

    logical: ClassVar[bool] = False
    """Whether it is a condition by its form."""
    name: Name
    parent: bool = False
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x` or `-x`."""

    op: UnaryOp
    operand: FieldExpr
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """`left op right` inside braces."""

    op: FieldOp
    left: FieldExpr
    right: FieldExpr
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)
    sign: Pos = field(default=_NOWHERE, compare=False, repr=False)
    """Where the operator stands."""


FieldExpr = Static | Attribute | Intrinsic | Unary | Binary
Field = Attribute | Intrinsic


@dataclass(frozen=True, slots=True)
class Filter:
    """`{ where }`; `{ }` is `Filter(Static(True))`."""

    where: FieldExpr
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SpansetBinary:
    """Two spansets combined."""

    op: SpansetOp
    left: SpansetExpr
    right: SpansetExpr
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


class AggregateFn(StrEnum):
    """What an aggregate computes over the spans of a spanset."""

    COUNT = "count"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    SUM = "sum"
    COUNT_DISTINCT = "count_distinct"
    """How many different values a field has (extension)."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`count()`, `max(field)` ...; `of` is None for `count()` alone."""

    fn: AggregateFn
    of: FieldExpr | None = None
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PipelineScalar:
    """`(pipeline | aggregate)` as one side of a comparison."""

    pipeline: Pipeline
    scalar: ScalarExpr
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ScalarBinary:
    """Arithmetic on scalars: only + - * / % ^ occur."""

    op: FieldOp
    left: ScalarExpr
    right: ScalarExpr
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


ScalarExpr = Static | Aggregate | PipelineScalar | ScalarBinary


@dataclass(frozen=True, slots=True)
class ScalarFilter:
    """`count() > 2`: keeps spansets for which the comparison (= != < <= > >=) holds."""

    op: FieldOp
    left: ScalarExpr
    right: ScalarExpr
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class By:
    """`by(field, ...)`: one spanset per distinct tuple of values; TraceQL elsewhere takes one field."""

    fields: tuple[FieldExpr, ...]
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Select:
    """`select(field, ...)`: adds fields to the spans that are returned."""

    fields: tuple[Field, ...]
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Coalesce:
    """`coalesce()`: all spansets of a trace become one."""

    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sort:
    """`sort(key desc)` (extension), the last stage of a search.

    Orders traces by an aggregate, or by a field: its largest value over the spans matched, the smallest when ascending.
    """

    key: FieldExpr | Aggregate
    descending: bool = True
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages from left to right; the first is a spanset expression, a `ScalarFilter`, a `By` or a `Select`."""

    stages: tuple[Stage, ...]
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


SpansetExpr = Filter | SpansetBinary | Pipeline
Stage = Filter | SpansetBinary | Pipeline | ScalarFilter | By | Select | Coalesce | Sort


class MetricsFn(StrEnum):
    """A function from spans to series."""

    RATE = "rate"
    COUNT = "count_over_time"
    MIN = "min_over_time"
    MAX = "max_over_time"
    AVG = "avg_over_time"
    SUM = "sum_over_time"
    HISTOGRAM = "histogram_over_time"
    QUANTILE = "quantile_over_time"
    COMPARE = "compare"
    COUNT_DISTINCT = "count_distinct_over_time"
    """Extension."""


@dataclass(frozen=True, slots=True)
class MetricsCall:
    """`fn(of, quantiles...) by (fields)`, or `compare(selection, top_n, start_ns, end_ns)`."""

    fn: MetricsFn
    of: Field | None = None
    quantiles: tuple[float, ...] = ()
    by: tuple[Field, ...] = ()
    selection: Filter | None = None
    top_n: int = 10
    start_ns: int = 0
    end_ns: int = 0
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MetricsPipeline:
    """Spans of a pipeline made into series."""

    pipeline: Pipeline
    call: MetricsCall
    second: tuple[SecondStage, ...] = ()
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MetricsBinary:
    """Arithmetic (+ - * /) between series, or series and a number."""

    op: FieldOp
    left: MetricsExpr
    right: MetricsExpr
    second: tuple[SecondStage, ...] = ()
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


MetricsExpr = MetricsPipeline | MetricsBinary | Static


@dataclass(frozen=True, slots=True)
class TopK:
    """`topk(n)`, or with `bottom` `bottomk(n)`, at each point of time."""

    n: int
    bottom: bool = False
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Threshold:
    """`> value`: points for which the comparison fails are removed; durations count in seconds."""

    op: FieldOp
    value: Value
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


SecondStage = TopK | Threshold


@dataclass(frozen=True, slots=True)
class Hint:
    """`name=value` of `with(...)`."""

    name: str
    value: Value
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query: a search, or a metrics query."""

    root: Pipeline | MetricsPipeline | MetricsBinary
    hints: tuple[Hint, ...] = ()
    pos: Pos = field(default=_NOWHERE, compare=False, repr=False)
    text: str = field(default="", compare=False, repr=False)
    """What it was read from, for errors that only the data or the engine know of."""

    @property
    def is_metrics(self) -> bool:
        """Whether it gives series instead of traces."""
        return not isinstance(self.root, Pipeline)
