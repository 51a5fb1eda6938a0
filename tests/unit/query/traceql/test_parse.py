from __future__ import annotations

import pytest

from clew.query.errors import InvalidQueryError
from clew.query.filters import Duration
from clew.query.traceql import parse
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
    Pos,
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

A, B, C = (Attribute(Level.ANY, key) for key in "abc")
DURATION = Intrinsic(Name.DURATION)
ALL = Filter(Static(value=True))


def where(text: str) -> FieldExpr:
    """Return the condition of `{ text }`."""
    root = parse("{ " + text + " }").root
    assert isinstance(root, Pipeline)
    [only] = root.stages
    assert isinstance(only, Filter)
    return only.where


def stages(text: str):
    """Return the stages of a search."""
    root = parse(text).root
    assert isinstance(root, Pipeline)
    return root.stages


def op(sign: str, left: FieldExpr, right: FieldExpr) -> Binary:
    """Return a node of the inner language."""
    return Binary(FieldOp(sign), left, right)


def test_empty_text_is_every_span():
    """Empty text, white space and a comment mean `{ }`, which is `{ true }`."""
    assert parse("") == parse(" \n") == parse("// nothing\n") == parse("{ }") == parse("{ true }")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a || b && c", "(a || b) && c"),
        ("!a = b", "(!a) = b"),
        ("!a * b", "!(a * b)"),
        ("-a * b", "-(a * b)"),
        ("-a + b", "(-a) + b"),
        ("a + b * c", "a + (b * c)"),
        ("a ^ b ^ c", "a ^ (b ^ c)"),
        ("a - b - c", "(a - b) - c"),
        ("a * -b * c", "a * (-(b * c))"),
        ("-2 ^ a", "(-2) ^ a"),
        ("a = b = c", "(a = b) = c"),
        ("a + b > c && a", "((a + b) > c) && a"),
        ("a % b / c", "(a % b) / c"),
        ("!!a", "!(!a)"),
    ],
)
def test_operators_bind_as_written_with_parentheses(text, same):
    """Operators of the inner language bind in the documented order."""
    dotted = [" ".join("." + c if c in "abc" else c for c in one.replace("", " ").split()) for one in (text, same)]
    again = [one.replace("! =", "!=").replace("| |", "||").replace("& &", "&&") for one in dotted]
    assert where(again[0]) == where(again[1])


def test_spansets_bind_as_comparisons_do():
    """`A && B >> C` is `A && (B >> C)`, and `&&` and `||` are alike."""
    a, b, c = (Filter(one) for one in (A, B, C))
    assert stages("{.a} && {.b} >> {.c}") == (
        SpansetBinary(SpansetOp.AND, a, SpansetBinary(SpansetOp.DESCENDANT, b, c)),
    )
    assert stages("{.a} || {.b} && {.c}") == (SpansetBinary(SpansetOp.AND, SpansetBinary(SpansetOp.OR, a, b), c),)
    assert stages("({.a} && {.b}) >> {.c}") == (
        SpansetBinary(SpansetOp.DESCENDANT, SpansetBinary(SpansetOp.AND, a, b), c),
    )


@pytest.mark.parametrize("sign", list(SpansetOp))
def test_every_operator_between_spansets(sign):
    """Every relation of spansets parses, with and without space."""
    tree = (SpansetBinary(sign, Filter(A), Filter(B)),)
    assert stages(f"{{ .a }} {sign.value} {{ .b }}") == stages(f"{{.a}}{sign.value}{{.b}}") == tree


@pytest.mark.parametrize("sign", list(FieldOp))
def test_every_operator_between_fields(sign):
    """Every operator between fields parses."""
    pattern = "~" in sign.value
    assert where(f".a {sign.value} {'`x`' if pattern else '.b'}") == Binary(sign, A, Static("x") if pattern else B)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("span.http.route", Attribute(Level.SPAN, "http.route")),
        ("resource.service.name", Attribute(Level.RESOURCE, "service.name")),
        ("event.x", Attribute(Level.EVENT, "x")),
        ("link.x", Attribute(Level.LINK, "x")),
        ("instrumentation.x", Attribute(Level.INSTRUMENTATION, "x")),
        (".x-y/z:w", Attribute(Level.ANY, "x-y/z:w")),
        ('span.a."b c".d', Attribute(Level.SPAN, "a.b c.d")),
        (r'."q\"uo\\te"', Attribute(Level.ANY, 'q"uo\\te')),
        ("parent.x", Attribute(Level.ANY, "x", parent=True)),
        ("parent.span.x", Attribute(Level.SPAN, "x", parent=True)),
        ("parent.resource.x", Attribute(Level.RESOURCE, "x", parent=True)),
        ("parent.duration", Intrinsic(Name.DURATION, parent=True)),
        ("parent.span:kind", Intrinsic(Name.KIND, parent=True)),
        ('parent."duration"', Attribute(Level.ANY, "duration", parent=True)),
        ("span:duration", DURATION),
        ("duration", DURATION),
        ("trace:rootService", Intrinsic(Name.ROOT_SERVICE)),
        ("trace:id", Intrinsic(Name.TRACE_ID)),
        ("instrumentation:version", Intrinsic(Name.SCOPE_VERSION)),
        ("span.kind", Attribute(Level.SPAN, "kind")),
        (".duration", Attribute(Level.ANY, "duration")),
    ],
)
def test_fields(text, field):
    """Fields parse to their level and key, or to one name per intrinsic."""
    assert where(f"{text} = {text}") == op("=", field, field)


@pytest.mark.parametrize("name", list(Name))
def test_every_intrinsic_parses_by_its_canonical_name(name):
    """The canonical name of an intrinsic is a spelling of it."""
    assert where(f"{name.value} = {name.value}") == op("=", Intrinsic(name), Intrinsic(name))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1h30m", Duration(5400 * 10**9)),
        ("1d", Duration(86400 * 10**9)),
        ("1w", Duration(7 * 86400 * 10**9)),
        ("1y", Duration(365 * 86400 * 10**9)),
        ("-1.5s", Duration(-15 * 10**8)),
        ("10\u00b5s", Duration(10_000)),
        ("true", True),
        ("nil", None),
        ("minInt", -(2**63)),
        ("maxInt", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ('"a\\n\\u00e9\\x41"', "a\né" + "A"),
        ('"\\xc3\\xa9\\303\\251"', "\u00e9\u00e9"),
        ("`a\\n`", "a\\n"),
        ("2 + 3 * 4", 14),
        ("1 / 2", 0),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("2 ^ 3 ^ 2", 512),
        ("2 ^ -1", 0.5),
        ("1s * 2", Duration(2 * 10**9)),
        ("1 / 2.0", 0.5),
    ],
)
def test_constants(text, value):
    """Literals have their type; constants are computed, whole numbers dividing to whole numbers."""
    assert where(f".a = {text}") == op("=", A, Static(value))


def test_constant_conditions_are_decided():
    """A comparison of constants is true or false; two nils are neither equal nor different."""
    assert where("1 < 1h && !(2 = 3.0)") == Static(value=True)
    assert where("nil = nil") == where("nil != nil") == Static(value=False)


@pytest.mark.parametrize("text", ["resource.service.name != nil", "name != nil", "nil != duration", "kind != nil"])
def test_what_every_span_has_is_not_nil(text):
    """Clients add `!= nil` to whatever they group by; where a field is always there it is true."""
    assert where(text) == Static(value=True)
    assert where(f"{text} && .a = 1") == where("true && .a = 1")
    assert where("parent.resource.service.name != nil") != Static(value=True)


@pytest.mark.parametrize(
    "text", ["9223372036854775808", "maxInt + 1", "9 ^ 99999999", "1 / 0", "1 % 0", "1e308 * 10", "-maxInt - 2"]
)
def test_numbers_beyond_64_bits_are_refused(text):
    """Overflow and division by zero of constants are errors that point at them."""
    with pytest.raises(InvalidQueryError) as caught:
        where(f".a = {text}")
    assert caught.value.start == 7


def test_stages():
    """Stages of a search follow each other."""
    assert stages("{ } | by(.a, name) | coalesce() | select(.b) | sort(max(duration) asc)") == (
        ALL,
        By((A, Intrinsic(Name.NAME))),
        Coalesce(),
        Select((B,)),
        Sort(Aggregate(AggregateFn.MAX, DURATION), descending=False),
    )
    assert stages("{ } | sort(duration)") == stages("{ } | sort(duration desc)") == (ALL, Sort(DURATION))


def test_scalar_filters():
    """Aggregates compare with constants on either side and with each other, and calculate."""
    count = Aggregate(AggregateFn.COUNT)
    assert stages("count() > 2") == (ScalarFilter(FieldOp.GT, count, Static(2)),)
    assert stages("{ } | 2 < count()") == (ALL, ScalarFilter(FieldOp.LT, Static(2), count))
    assert stages("{ } | max(.a) * 2 >= count_distinct(.b + 1)") == (
        ALL,
        ScalarFilter(
            FieldOp.GE,
            ScalarBinary(FieldOp.MUL, Aggregate(AggregateFn.MAX, A), Static(2)),
            Aggregate(AggregateFn.COUNT_DISTINCT, op("+", B, Static(1))),
        ),
    )


def test_wrapped_pipelines():
    """Pipelines in parentheses are operands: of spansets when they end in spansets, of scalars when in a number."""
    wrapped = Pipeline((Filter(A), ScalarFilter(FieldOp.GT, Aggregate(AggregateFn.COUNT), Static(2))))
    assert stages("({.a} | count() > 2) >> {.b}") == (SpansetBinary(SpansetOp.DESCENDANT, wrapped, Filter(B)),)
    assert stages("({.a} | count() > 2)") == wrapped.stages
    one = PipelineScalar(Pipeline((Filter(A),)), Aggregate(AggregateFn.COUNT))
    two = PipelineScalar(Pipeline((Filter(B),)), Aggregate(AggregateFn.SUM, DURATION))
    assert stages("({.a} | count()) + 1 < ({.b} | sum(duration))") == (
        ScalarFilter(FieldOp.LT, ScalarBinary(FieldOp.ADD, one, Static(1)), two),
    )


def test_series():
    """Functions make series of spans; later stages and comparisons follow from left to right."""
    call = MetricsCall(MetricsFn.QUANTILE, DURATION, (0.5, 1.0), (A, B))
    every = Pipeline((ALL,))
    assert parse("{} | quantile_over_time(duration, .5, 1) by (.a, .b) | topk(3) > 1s < 5 | bottomk(1)") == Query(
        MetricsPipeline(
            every,
            call,
            (
                TopK(3),
                Threshold(FieldOp.GT, Duration(10**9)),
                Threshold(FieldOp.LT, 5),
                TopK(1, bottom=True),
            ),
        )
    )
    compare = MetricsCall(MetricsFn.COMPARE, selection=Filter(A), top_n=5, start_ns=1, end_ns=2)
    assert parse("{} | compare({.a}, 5, 1, 2)").root == MetricsPipeline(every, compare)


def test_a_quantile_that_is_asked_for_twice_is_one():
    """Equal quantiles make one series."""
    root = parse("{ } | quantile_over_time(duration, .5, 0.5, 1, 1.0)").root
    assert isinstance(root, MetricsPipeline)
    assert root.call.quantiles == (0.5, 1.0)


def test_series_calculate():
    """Series in parentheses calculate with each other and with numbers."""
    rate = MetricsPipeline(Pipeline((ALL,)), MetricsCall(MetricsFn.RATE))
    ratio = MetricsBinary(FieldOp.DIV, rate, MetricsBinary(FieldOp.MUL, Static(2), rate), (TopK(3),))
    assert parse("({} | rate()) / (2 * ({} | rate())) | topk(3)").root == ratio


def test_hints():
    """Hints stand at the very end."""
    assert parse("{ } with (most_recent=true, sample=0.1, x=-5)").hints == (
        Hint("most_recent", value=True),
        Hint("sample", 0.1),
        Hint("x", -5),
    )


def test_positions():
    """Every node knows where it stands."""
    text = "{ .a = 1 } | count() > 2"
    root = parse(text).root
    assert isinstance(root, Pipeline)
    first, second = root.stages
    assert isinstance(first, Filter)
    assert isinstance(first.where, Binary)
    pieces = [first, first.where, first.where.left, first.where.right, second]
    assert [text[node.pos.start : node.pos.end] for node in pieces] == [
        "{ .a = 1 }",
        ".a = 1",
        ".a",
        "1",
        "count() > 2",
    ]
    assert root.pos == Pos(0, len(text))


def test_unary_before_fields():
    """A field is negated by `!` and `-`."""
    assert where("!(-.a = .b)") == Unary(UnaryOp.NOT, op("=", Unary(UnaryOp.NEG, A), B))


@pytest.mark.parametrize(
    "text",
    [
        "{ } | count()",
        "{ } | 5 > 3",
        "5",
        "count()",
        "rate()",
        "coalesce()",
        "{ } | rate() | count() > 2",
        "({} | rate()) ^ ({} | rate())",
        "({} | rate()) + 1s",
        "{ } | topk(3)",
        "{ } + { }",
        "{ } > 5",
        "{ .a } | cuont() > 2",
        "{ } | select(.a + 1)",
        "{ } | rate(.a)",
        "{ } | topk(.a)",
        "{ } with (x)",
        "({ } | count() > 2",
        "{ } | by()",
        "{ .a = 1 ",
    ],
)
def test_what_is_no_query(text):
    """What no meaning is given to is refused, pointing into the text and saying what to write."""
    with pytest.raises(InvalidQueryError) as caught:
        parse(text)
    assert 0 <= caught.value.start <= caught.value.end <= len(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "(" * 60_000,
        "{" * 60_000,
        "{ " + "!" * 120_000,
        "{ .a = " + "-" * 120_000 + "1 }",
        "{ " + "(" * 60_000 + ".a" + ")" * 60_000 + " }",
        "{ .a " + "^ .a" * 30_000 + " }",
        "{ .a " + "|| .a" * 20_000 + " }",
        "{ .a = 1 } " + "&& { } " * 15_000,
        "{ } " + "| { } " * 15_000,
        '{ .a"' + '\\"' * 50_000,
        "/*" * 60_000,
        " " * 131_073,
        "{ .a = " + "9" * 100_000 + " }",
    ],
    ids=range(13),
)
def test_hostile_text_is_refused(text):
    """Deep, long and unclosed texts are refused without exhausting the stack."""
    with pytest.raises(InvalidQueryError):
        parse(text)
