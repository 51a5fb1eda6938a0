"""Random queries that have a meaning, as syntax trees in the form in which the parser gives them.

`Vocabulary` says which fields and values occur, so that queries hit the data of a test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, wraps

from hypothesis import strategies as st

from clew.model import Kind, Status
from clew.query.filters import Duration
from clew.query.traceql.ast import (
    Aggregate,
    AggregateFn,
    Attribute,
    Binary,
    By,
    Coalesce,
    FieldExpr,
    FieldOp,
    Filter,
    Hint,
    Intrinsic,
    Level,
    MetricsBinary,
    MetricsCall,
    MetricsFn,
    MetricsPipeline,
    Name,
    Pipeline,
    PipelineScalar,
    Query,
    ScalarBinary,
    ScalarFilter,
    Select,
    Sort,
    SpansetBinary,
    SpansetOp,
    Static,
    Threshold,
    TopK,
    Unary,
    UnaryOp,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
EQUALS = (FieldOp.EQ, FieldOp.NE)
ORDERS = (*EQUALS, FieldOp.LT, FieldOp.LE, FieldOp.GT, FieldOp.GE)
PATTERNS = (
    FieldOp.MATCH,
    FieldOp.NOT_MATCH,
    FieldOp.MATCH_FOLD,
    FieldOp.NOT_MATCH_FOLD,
    FieldOp.NOT_MATCH_OR_NIL,
)
FOLDING = (FieldOp.EQ_FOLD, FieldOp.NE_FOLD)
ARITHMETIC = (FieldOp.ADD, FieldOp.SUB, FieldOp.MUL, FieldOp.DIV, FieldOp.MOD, FieldOp.POW)
TOGETHER = (SpansetOp.AND, SpansetOp.OR)
NUMBER_NAMES = (
    Name.DURATION,
    Name.TRACE_DURATION,
    Name.EVENT_TIME,
    Name.CHILD_COUNT,
    Name.NESTED_LEFT,
    Name.NESTED_RIGHT,
    Name.NESTED_PARENT,
)
TEXT_NAMES = tuple(name for name in Name if name not in {*NUMBER_NAMES, Name.STATUS, Name.KIND})


@dataclass(frozen=True, repr=False)
class Vocabulary:
    """What random queries speak of."""

    keys: st.SearchStrategy[str] = TEXT
    levels: Sequence[Level] = tuple(Level)
    texts: st.SearchStrategy[str] = TEXT
    patterns: st.SearchStrategy[str] = field(default_factory=lambda: st.sampled_from(["a", "a|b", ".*", "[ab]+", ""]))
    numbers: st.SearchStrategy[int | float] = field(
        default_factory=lambda: st.one_of(
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(-(2**63) + 1, 2**63 - 1).map(Duration),
        )
    )
    text_names: Sequence[Name] = TEXT_NAMES
    number_names: Sequence[Name] = NUMBER_NAMES
    parents: bool = True
    """Whether fields of the parent occur."""
    operators: Sequence[FieldOp] = tuple(FieldOp)
    relations: Sequence[SpansetOp] = tuple(SpansetOp)

    def some(self, operators: Sequence[FieldOp]) -> st.SearchStrategy[FieldOp]:
        """Return those of some operators that occur."""
        return st.sampled_from([op for op in operators if op in self.operators])


ANYTHING = Vocabulary()


def deferred(make: Callable[[Vocabulary], st.SearchStrategy]) -> Callable[..., st.SearchStrategy]:
    """Make a strategy once per vocabulary, with a short name where hypothesis prints it."""
    made = cache(make)

    @st.composite
    def drawn(draw: st.DrawFn, words: Vocabulary) -> object:
        return draw(made(words))

    return wraps(make)(lambda words=ANYTHING: drawn(words))


@deferred
def attributes(words: Vocabulary) -> st.SearchStrategy[Attribute]:
    """Return attributes."""
    return st.builds(Attribute, st.sampled_from(words.levels), words.keys, _parents(words))


def intrinsics(words: Vocabulary, names: Sequence[Name]) -> st.SearchStrategy[Intrinsic]:
    """Return intrinsics of some names."""
    return st.builds(Intrinsic, st.sampled_from(names), _parents(words))


@deferred
def fields(words: Vocabulary) -> st.SearchStrategy[Attribute | Intrinsic]:
    """Return attributes and intrinsics of every type."""
    names = (*words.text_names, *words.number_names, Name.STATUS, Name.KIND)
    return st.one_of(attributes(words), intrinsics(words, names))


@deferred
def number_fields(words: Vocabulary) -> st.SearchStrategy[Attribute | Intrinsic]:
    """Return fields that may hold numbers."""
    return st.one_of(attributes(words), intrinsics(words, words.number_names))


@deferred
def numbers(words: Vocabulary) -> st.SearchStrategy[FieldExpr]:
    """Return expressions that give numbers and have a field in them."""
    constants = words.numbers.map(Static)

    def grown(inner: st.SearchStrategy[FieldExpr]) -> st.SearchStrategy[FieldExpr]:
        sign = words.some(ARITHMETIC)
        return st.one_of(
            st.builds(Binary, sign, inner, inner),
            st.builds(Binary, sign, inner, constants),
            st.builds(Binary, sign, constants, inner),
            st.builds(Unary, st.just(UnaryOp.NEG), inner),
        )

    return st.recursive(number_fields(words), grown, max_leaves=4)


@deferred
def comparisons(words: Vocabulary) -> st.SearchStrategy[FieldExpr]:
    """Return comparisons, the operands of which have types that go together."""
    texts = st.one_of(attributes(words), intrinsics(words, words.text_names))
    literals = st.one_of(words.texts, words.numbers).map(Static)
    or_nil = (FieldOp.NE_OR_NIL,)
    shapes = [
        st.builds(Binary, words.some((*ORDERS, *or_nil)), attributes(words), literals),
        st.builds(Binary, words.some(ORDERS), literals, attributes(words)),
        st.builds(Binary, words.some((*ORDERS, *FOLDING)), texts, words.texts.map(Static)),
        st.builds(Binary, words.some(PATTERNS), texts, words.patterns.map(Static)),
        st.builds(Binary, words.some(ORDERS), numbers(words), words.numbers.map(Static)),
        st.builds(Binary, words.some(ORDERS), numbers(words), numbers(words)),
        st.builds(Binary, words.some((*EQUALS, *or_nil)), attributes(words), st.booleans().map(Static)),
        st.builds(
            Binary,
            words.some(EQUALS),
            attributes(words).filter(lambda item: (item.level, item.key) != (Level.RESOURCE, "service.name")),
            st.just(Static(None)),
        ),
        st.builds(
            Binary,
            words.some((*EQUALS, *or_nil)),
            intrinsics(words, [Name.STATUS]),
            st.sampled_from(Status).map(Static),
        ),
        st.builds(
            Binary, words.some((*EQUALS, *or_nil)), intrinsics(words, [Name.KIND]), st.sampled_from(Kind).map(Static)
        ),
    ]
    return st.sampled_from(shapes).flatmap(lambda shape: shape)


@deferred
def conditions(words: Vocabulary) -> st.SearchStrategy[FieldExpr]:
    """Return what may stand within braces, but for constants."""

    def grown(inner: st.SearchStrategy[FieldExpr]) -> st.SearchStrategy[FieldExpr]:
        return st.one_of(
            st.builds(Binary, st.sampled_from([FieldOp.AND, FieldOp.OR]), inner, inner),
            st.builds(Unary, st.just(UnaryOp.NOT), inner),
        )

    return st.recursive(st.one_of(comparisons(words), comparisons(words), attributes(words)), grown, max_leaves=5)


@deferred
def filters(words: Vocabulary) -> st.SearchStrategy[Filter]:
    """Return braces."""
    return st.builds(Filter, st.one_of(st.just(Static(value=True)), conditions(words), conditions(words)))


@deferred
def spansets(words: Vocabulary) -> st.SearchStrategy[Filter | SpansetBinary | Pipeline]:
    """Return expressions of spansets; a wrapped pipeline in them has one spanset at its end."""

    def grown(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[SpansetBinary]:
        counted = st.builds(lambda spans, kept: Pipeline((spans, kept)), inner, scalar_filters(words))
        return st.builds(SpansetBinary, st.sampled_from(words.relations), st.one_of(inner, counted), inner)

    return st.recursive(filters(words), grown, max_leaves=4)


@deferred
def aggregates(words: Vocabulary) -> st.SearchStrategy[Aggregate]:
    """Return aggregates."""
    of_numbers = [AggregateFn.MIN, AggregateFn.MAX, AggregateFn.AVG, AggregateFn.SUM]
    return st.one_of(
        st.just(Aggregate(AggregateFn.COUNT)),
        st.builds(Aggregate, st.sampled_from(of_numbers), numbers(words)),
        st.builds(Aggregate, st.just(AggregateFn.COUNT_DISTINCT), fields(words)),
    )


@deferred
def scalar_filters(words: Vocabulary) -> st.SearchStrategy[ScalarFilter]:
    """Return comparisons of aggregates with constants, either side, and with each other."""
    sign, number, one = st.sampled_from(ORDERS), words.numbers.map(Static), aggregates(words)
    sums = st.builds(ScalarBinary, st.sampled_from(ARITHMETIC), one, st.one_of(number, one))
    scalars = st.one_of(one, sums, st.builds(ScalarBinary, st.sampled_from(ARITHMETIC), sums, one))
    return st.one_of(
        st.builds(ScalarFilter, sign, scalars, number),
        st.builds(ScalarFilter, sign, number, one),
        st.builds(ScalarFilter, sign, scalars, scalars),
    )


@deferred
def wrapped_scalars(words: Vocabulary) -> st.SearchStrategy[ScalarFilter]:
    """Return comparisons of aggregates of two pipelines."""
    side = st.builds(lambda spans, one: PipelineScalar(_pipeline((spans,)), one), spansets(words), aggregates(words))
    return st.builds(ScalarFilter, st.sampled_from(ORDERS), side, side)


@deferred
def pipelines(words: Vocabulary) -> st.SearchStrategy[Pipeline]:
    """Return the stages before a metrics function, or of a search without `sort`."""
    groups = st.lists(st.one_of(fields(words), numbers(words)), min_size=1, max_size=3)
    selected = st.lists(fields(words), min_size=1, max_size=3).map(tuple)
    grouped, select = st.builds(By, groups.map(tuple)), st.builds(Select, selected)
    later = st.one_of(filters(words), scalar_filters(words), grouped, select, st.just(Coalesce()))
    first = st.one_of(spansets(words), wrapped_scalars(words))
    return st.builds(lambda one, rest: _pipeline((one, *rest)), first, st.lists(later, max_size=3))


@deferred
def searches(words: Vocabulary) -> st.SearchStrategy[Query]:
    """Return queries that give traces."""
    sort = st.builds(Sort, st.one_of(aggregates(words), numbers(words), fields(words)), st.booleans())
    ends = st.one_of(st.just(()), st.just(()), sort.map(lambda stage: (stage,)))
    return st.builds(lambda pipeline, end: Query(_pipeline((*pipeline.stages, *end))), pipelines(words), ends)


@deferred
def calls(words: Vocabulary) -> st.SearchStrategy[MetricsCall]:
    """Return functions to series, but for `compare`."""
    by = st.lists(fields(words), max_size=3).map(tuple)
    of_numbers = [MetricsFn.MIN, MetricsFn.MAX, MetricsFn.AVG, MetricsFn.SUM, MetricsFn.HISTOGRAM]
    quantiles = st.lists(st.floats(0, 1), min_size=1, max_size=3, unique=True).map(tuple)
    return st.one_of(
        st.builds(MetricsCall, st.sampled_from([MetricsFn.RATE, MetricsFn.COUNT]), by=by),
        st.builds(MetricsCall, st.sampled_from(of_numbers), number_fields(words), by=by),
        st.builds(MetricsCall, st.just(MetricsFn.QUANTILE), number_fields(words), quantiles, by),
        st.builds(MetricsCall, st.just(MetricsFn.COUNT_DISTINCT), fields(words), by=by),
    )


@deferred
def series(words: Vocabulary) -> st.SearchStrategy[MetricsPipeline]:
    """Return one function over a pipeline."""
    return st.builds(MetricsPipeline, pipelines(words), calls(words), _second(words))


@deferred
def comparisons_of_sets(words: Vocabulary) -> st.SearchStrategy[Query]:
    """Return `compare` queries."""
    times = st.one_of(
        st.just((0, 0)), st.tuples(st.integers(1, 10**18), st.integers(1, 10**9)).map(lambda t: (t[0], sum(t)))
    )
    call = st.builds(
        lambda selection, top, window: MetricsCall(
            MetricsFn.COMPARE, selection=selection, top_n=top, start_ns=window[0], end_ns=window[1]
        ),
        filters(words),
        st.integers(1, 1000),
        times,
    )
    return st.builds(MetricsPipeline, pipelines(words), call).map(Query)


@deferred
def metrics(words: Vocabulary) -> st.SearchStrategy[Query]:
    """Return queries that give series."""
    sign = st.sampled_from([FieldOp.ADD, FieldOp.SUB, FieldOp.MUL, FieldOp.DIV])
    number = words.numbers.filter(lambda value: not isinstance(value, Duration)).map(Static)

    def grown(inner: st.SearchStrategy[MetricsPipeline]) -> st.SearchStrategy[MetricsBinary]:
        second = _second(words)
        return st.one_of(
            st.builds(MetricsBinary, sign, inner, inner, second),
            st.builds(MetricsBinary, sign, inner, number, second),
            st.builds(MetricsBinary, sign, number, inner, second),
        )

    return st.recursive(series(words), grown, max_leaves=3).map(Query)


@deferred
def queries(words: Vocabulary) -> st.SearchStrategy[Query]:
    """Return queries of every kind, some with hints."""
    names = st.from_regex(r"[a-z_]{1,8}_x", fullmatch=True)
    values = st.one_of(words.texts, words.numbers, st.booleans(), st.sampled_from(Kind))
    hints = st.lists(st.builds(Hint, names, values), max_size=2).map(tuple)
    every = st.one_of(searches(words), metrics(words), comparisons_of_sets(words))
    return st.builds(lambda query, given: Query(query.root, given), every, hints)


def _parents(words: Vocabulary) -> st.SearchStrategy[bool]:
    return st.sampled_from([False, False, True]) if words.parents else st.just(value=False)


@deferred
def _second(words: Vocabulary) -> st.SearchStrategy[tuple[TopK | Threshold, ...]]:
    top = st.builds(TopK, st.integers(1, 20), st.booleans())
    limit = st.builds(Threshold, st.sampled_from(ORDERS), words.numbers)
    return st.lists(st.one_of(top, limit), max_size=2).map(tuple)


def _pipeline(stages: tuple) -> Pipeline:
    return stages[0] if len(stages) == 1 and isinstance(stages[0], Pipeline) else Pipeline(stages)
