"""Random searches whose literals occur in the spans that the property tests store."""

from __future__ import annotations

from typing import Any

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
    FieldOp,
    Filter,
    Intrinsic,
    Level,
    Name,
    Pipeline,
    PipelineScalar,
    ScalarBinary,
    ScalarFilter,
    Select,
    SpansetBinary,
    SpansetOp,
    Static,
    Unary,
    UnaryOp,
)

KEYS = ["a", "b", 'q"uote=', "http.response.status_code"]
TEXTS = ["x", "y", "X", "", "it's\\n", "é"]
NUMBERS: list[Any] = [0, 1, 2, 500, -3, 1.0, 0.5, Duration(500)]
PATTERNS = ["x", "x|y", "(?:x|y)", ".*", "[xy]", "", "i.*n", "GET.*", "a|b|", "é|x", "[a-z].*"]
IDS = ["1", "02", "0000000000000003", "5", "", "zz"]

key = st.sampled_from([*KEYS, "missing"])
level = st.sampled_from(Level)
parent = st.sampled_from([False, False, False, True])
attribute = st.builds(Attribute, level, key, parent)
service = st.builds(Attribute, st.just(Level.RESOURCE), st.just("service.name"), parent)
TEXT_NAMES = [Name.NAME, Name.STATUS_MESSAGE, Name.ROOT_NAME, Name.EVENT_NAME, Name.SCOPE_NAME]
ID_NAMES = [Name.SPAN_ID, Name.PARENT_ID, Name.TRACE_ID, Name.LINK_SPAN_ID, Name.LINK_TRACE_ID]
WHOLE_NAMES = [Name.CHILD_COUNT, Name.NESTED_LEFT, Name.NESTED_RIGHT, Name.NESTED_PARENT]
TIME_NAMES = [Name.DURATION, Name.TRACE_DURATION, Name.EVENT_TIME]
text_name = st.builds(Intrinsic, st.sampled_from(TEXT_NAMES), parent)
number_name = st.builds(Intrinsic, st.sampled_from([*WHOLE_NAMES, *TIME_NAMES]), parent)
field = st.one_of(attribute, attribute, service, text_name, number_name)

text = st.sampled_from([*TEXTS, "GET /", "SELECT", "exception", "shop", "db"]).map(Static)
number = st.sampled_from(NUMBERS).map(Static)
flag = st.sampled_from([True, False]).map(Static)
nil = st.just(Static(None))
compare = st.sampled_from([FieldOp.EQ, FieldOp.NE, FieldOp.LT, FieldOp.LE, FieldOp.GT, FieldOp.GE])
equal = st.sampled_from([FieldOp.EQ, FieldOp.NE])
text_op = st.sampled_from([FieldOp.EQ, FieldOp.NE, FieldOp.EQ_FOLD, FieldOp.NE_FOLD, FieldOp.NE_OR_NIL, FieldOp.LT])
pattern_op = st.sampled_from(
    [FieldOp.MATCH, FieldOp.NOT_MATCH, FieldOp.MATCH_FOLD, FieldOp.NOT_MATCH_FOLD, FieldOp.NOT_MATCH_OR_NIL]
)
arithmetic = st.sampled_from([FieldOp.ADD, FieldOp.SUB, FieldOp.MUL, FieldOp.DIV, FieldOp.MOD, FieldOp.POW])
numeric = st.recursive(
    st.one_of(attribute, number_name, number),
    lambda inner: st.one_of(st.builds(Binary, arithmetic, inner, inner), st.builds(Unary, st.just(UnaryOp.NEG), inner)),
    max_leaves=3,
)
texty = st.one_of(attribute, service, text_name)
comparison = st.one_of(
    st.builds(Binary, text_op, texty, text),
    st.builds(Binary, compare, text, texty),
    st.builds(Binary, pattern_op, texty, st.sampled_from(PATTERNS).map(Static)),
    st.builds(Binary, compare, st.one_of(attribute, number_name), number),
    st.builds(Binary, compare, numeric, numeric),
    st.builds(Binary, st.one_of(equal, compare), field, field),
    st.builds(Binary, equal, attribute, st.one_of(flag, nil)),
    st.builds(Binary, equal, nil, attribute),
    st.builds(Binary, equal, st.builds(Intrinsic, st.sampled_from(ID_NAMES)), st.sampled_from(IDS).map(Static)),
    st.builds(Binary, equal, st.builds(Intrinsic, st.just(Name.KIND), parent), st.sampled_from(Kind).map(Static)),
    st.builds(Binary, equal, st.builds(Intrinsic, st.just(Name.STATUS), parent), st.sampled_from(Status).map(Static)),
    st.just(Binary(FieldOp.LT, Intrinsic(Name.NESTED_PARENT), Static(0))),
)  # fmt: skip
condition = st.recursive(
    st.one_of(comparison, comparison, comparison, comparison, attribute, flag),
    lambda inner: st.one_of(
        st.builds(Binary, st.sampled_from([FieldOp.AND, FieldOp.AND, FieldOp.OR]), inner, inner),
        st.builds(Unary, st.just(UnaryOp.NOT), inner),
    ),
    max_leaves=4,
)
simple = st.one_of(
    st.builds(Binary, equal, st.builds(Attribute, st.just(Level.SPAN), st.sampled_from(["a", "b"])), text),
    st.builds(Binary, equal, st.just(Intrinsic(Name.NAME)), st.sampled_from(["GET /", "SELECT"]).map(Static)),
    st.builds(Binary, compare, st.just(Intrinsic(Name.DURATION)), number),
    st.just(Static(value=True)),
)
a_filter = st.builds(Filter, st.one_of(condition, simple, simple))
spanset_op = st.sampled_from(SpansetOp)

aggregate = st.one_of(
    st.just(Aggregate(AggregateFn.COUNT)),
    st.builds(
        Aggregate,
        st.sampled_from([one for one in AggregateFn if one is not AggregateFn.COUNT]),
        st.one_of(attribute, number_name, numeric),
    ),
    st.builds(Aggregate, st.just(AggregateFn.COUNT_DISTINCT), field),
)
plain_scalar = st.recursive(
    st.one_of(aggregate, st.sampled_from([0, 1, 2, 0.5]).map(Static)),
    lambda inner: st.builds(ScalarBinary, arithmetic, inner, inner),
    max_leaves=3,
)
scalar_filter = st.builds(ScalarFilter, compare, st.one_of(aggregate, plain_scalar), plain_scalar)
by = st.builds(By, st.lists(st.one_of(field, numeric), min_size=1, max_size=2, unique_by=repr).map(tuple))


def _spansets(inner):
    return st.builds(SpansetBinary, spanset_op, inner, inner)


spanset = st.recursive(a_filter, _spansets, max_leaves=3)
ending = st.one_of(
    st.just(()),
    st.tuples(scalar_filter),
    st.tuples(by),
    st.tuples(by, scalar_filter),
    st.tuples(a_filter),
    st.tuples(by, a_filter),
    st.tuples(by, st.just(Coalesce()), _spansets(a_filter)),
    st.tuples(st.builds(Select, st.tuples(attribute)), scalar_filter),
)
plain_pipeline = st.builds(lambda first, rest: Pipeline((first, *rest)), spanset, ending)
wrapped = st.builds(PipelineScalar, plain_pipeline, aggregate)


def _both(left, op, right):
    return Pipeline((SpansetBinary(op, left, right),))


def _compared(op, left, right):
    return Pipeline((ScalarFilter(op, left, right),))


pipeline = st.one_of(
    plain_pipeline,
    plain_pipeline,
    plain_pipeline,
    st.builds(_both, plain_pipeline, spanset_op, plain_pipeline),
    st.builds(_compared, compare, wrapped, st.one_of(wrapped, number)),
    st.builds(lambda first, rest: Pipeline((first, *rest)), st.one_of(by, scalar_filter), ending),
)
