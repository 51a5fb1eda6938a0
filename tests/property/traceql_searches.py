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
    Sort,
    SpansetBinary,
    SpansetOp,
    Static,
    Unary,
    UnaryOp,
)

KEYS = ["a", "b", 'q"uote=', "http.response.status_code"]
TEXTS = ["x", "y", "X", "", "it's\\n", "é"]
LARGE = [2**53 + 1, 2**63 - 1, -(2**63), float(2**53)]
NUMBERS: list[Any] = [0, 1, 2, 500, -3, 1.0, 0.5, -0.0, Duration(500), Duration(-1), *LARGE]
PATTERNS = ["x", "x|y", "(?:x|y)", ".*", "[xy]", "", "i.*n", "GET.*", "a|b|", "é|x", "[a-z].*"]
IDS = ["1", "02", "0000000000000003", "5", "", "zz"]

key = st.sampled_from([*KEYS, "missing"])
level = st.sampled_from(Level)
parent = st.sampled_from([False, False, False, True])
attribute = st.builds(Attribute, level, key, parent)
service = st.builds(Attribute, st.just(Level.RESOURCE), st.just("service.name"), parent)
TEXT_NAMES = [Name.NAME, Name.STATUS_MESSAGE, Name.ROOT_NAME, Name.ROOT_SERVICE, Name.EVENT_NAME]
TEXT_NAMES += [Name.SCOPE_NAME, Name.SCOPE_VERSION]
ID_NAMES = [Name.SPAN_ID, Name.PARENT_ID, Name.TRACE_ID, Name.LINK_SPAN_ID, Name.LINK_TRACE_ID]
WHOLE_NAMES = [Name.CHILD_COUNT, Name.NESTED_LEFT, Name.NESTED_RIGHT, Name.NESTED_PARENT]
TIME_NAMES = [Name.DURATION, Name.TRACE_DURATION, Name.EVENT_TIME]
MISSING_NAMES = [Name.EVENT_NAME, Name.EVENT_TIME, Name.LINK_TRACE_ID, Name.LINK_SPAN_ID, Name.SCOPE_NAME]
"""Intrinsics that a span need not have."""
text_name = st.builds(Intrinsic, st.sampled_from(TEXT_NAMES), parent)
number_name = st.builds(Intrinsic, st.sampled_from([*WHOLE_NAMES, *TIME_NAMES]), parent)
id_name = st.builds(Intrinsic, st.sampled_from(ID_NAMES), parent)
word_name = st.builds(Intrinsic, st.sampled_from([Name.KIND, Name.STATUS]), parent)
field = st.one_of(attribute, attribute, service, text_name, number_name, word_name, id_name)

text = st.sampled_from([*TEXTS, "GET /", "SELECT", "exception", "shop", "db"]).map(Static)
number = st.sampled_from(NUMBERS).map(Static)
flag = st.sampled_from([True, False]).map(Static)
nil = st.just(Static(None))
ORDERS = [FieldOp.EQ, FieldOp.NE, FieldOp.LT, FieldOp.LE, FieldOp.GT, FieldOp.GE]
compare = st.sampled_from(ORDERS)
compare_or_nil = st.sampled_from([*ORDERS, FieldOp.NE_OR_NIL])
equal = st.sampled_from([FieldOp.EQ, FieldOp.NE])
equal_or_nil = st.sampled_from([FieldOp.EQ, FieldOp.NE, FieldOp.NE_OR_NIL])
text_op = st.sampled_from([*ORDERS, FieldOp.EQ, FieldOp.EQ_FOLD, FieldOp.NE_FOLD, FieldOp.NE_OR_NIL])
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
kind_name = st.builds(Intrinsic, st.just(Name.KIND), parent)
status_name = st.builds(Intrinsic, st.just(Name.STATUS), parent)
comparison = st.one_of(
    st.builds(Binary, text_op, texty, text),
    st.builds(Binary, compare_or_nil, text, texty),
    st.builds(Binary, text_op, texty, texty),
    st.builds(Binary, pattern_op, st.one_of(texty, texty, id_name), st.sampled_from(PATTERNS).map(Static)),
    st.builds(Binary, compare_or_nil, st.one_of(attribute, number_name), number),
    st.builds(Binary, compare_or_nil, numeric, numeric),
    st.builds(Binary, compare_or_nil, field, field),
    st.builds(Binary, equal_or_nil, attribute, flag),
    st.builds(Binary, equal, attribute, nil),
    st.builds(Binary, equal, nil, attribute),
    st.builds(Binary, equal, st.builds(Intrinsic, st.sampled_from(MISSING_NAMES)), nil),
    st.builds(Binary, equal, nil, st.builds(Intrinsic, st.sampled_from([*Name]), st.just(value=True))),
    st.builds(Binary, compare_or_nil, id_name, st.sampled_from(IDS).map(Static)),
    st.builds(Binary, text_op, id_name, id_name),
    st.builds(Binary, equal_or_nil, kind_name, st.one_of(st.sampled_from(Kind).map(Static), kind_name)),
    st.builds(Binary, equal_or_nil, status_name, st.one_of(st.sampled_from(Status).map(Static), status_name)),
    st.just(Binary(FieldOp.LT, Intrinsic(Name.NESTED_PARENT), Static(0))),
)  # fmt: skip


def _logic(inner):
    return st.one_of(
        st.builds(Binary, st.sampled_from([FieldOp.AND, FieldOp.AND, FieldOp.OR]), inner, inner),
        st.builds(Unary, st.just(UnaryOp.NOT), inner),
        st.builds(Binary, equal_or_nil, inner, st.one_of(flag, attribute, inner)),
    )


condition = st.recursive(
    st.one_of(comparison, comparison, comparison, comparison, attribute, flag), _logic, max_leaves=4
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
grouping = st.one_of(field, field, numeric, comparison)
by = st.builds(By, st.lists(grouping, min_size=1, max_size=3, unique_by=repr).map(tuple))
select = st.builds(Select, st.lists(field, min_size=1, max_size=3).map(tuple))


def _spansets(inner):
    return st.builds(SpansetBinary, spanset_op, inner, inner)


def _nested(inner):
    counted = st.builds(lambda spans, kept: Pipeline((spans, kept)), inner, scalar_filter)
    return _spansets(st.one_of(inner, inner, counted))


spanset = st.recursive(a_filter, _nested, max_leaves=3)
together = st.builds(SpansetBinary, st.sampled_from([SpansetOp.AND, SpansetOp.OR]), a_filter, a_filter)
one_set = st.one_of(scalar_filter, a_filter, select, _spansets(a_filter))
"""Stages that take one spanset and leave one."""
several = st.one_of(scalar_filter, a_filter, select, together, by)
"""Stages that several spansets pass."""


def _listed(stage, most):
    return st.lists(stage, max_size=most).map(tuple)


ending = st.one_of(
    st.just(()),
    _listed(one_set, 2),
    st.builds(lambda *parts: parts, by),
    st.builds(lambda first, group, rest: (*first, group, *rest), _listed(one_set, 1), by, _listed(several, 2)),
    st.builds(
        lambda group, rest, last: (group, *rest, Coalesce(), *last), by, _listed(several, 1), _listed(one_set, 2)
    ),
)
plain_pipeline = st.builds(lambda first, rest: Pipeline((first, *rest)), spanset, ending)
wrapped = st.builds(PipelineScalar, plain_pipeline, st.one_of(aggregate, aggregate, plain_scalar))
wrapped_sum = st.builds(ScalarBinary, arithmetic, wrapped, st.one_of(wrapped, number))


def _both(left, op, right):
    return Pipeline((SpansetBinary(op, left, right),))


def _compared(op, left, right):
    return Pipeline((ScalarFilter(op, left, right),))


pipeline = st.one_of(
    plain_pipeline,
    plain_pipeline,
    plain_pipeline,
    st.builds(_both, plain_pipeline, spanset_op, plain_pipeline),
    st.builds(_compared, compare, st.one_of(wrapped, wrapped_sum), st.one_of(wrapped, number)),
    st.builds(lambda first, rest: Pipeline((first, *rest)), st.one_of(by, scalar_filter, select), _listed(several, 2)),
)
"""Searches in the order of time, which may also stand before a function to series."""
sort = st.builds(Sort, st.one_of(aggregate, field, numeric), st.booleans())
search = st.one_of(
    pipeline, pipeline, pipeline, st.builds(lambda stages, last: Pipeline((*stages.stages, last)), pipeline, sort)
)
