from __future__ import annotations

import pytest

from clew.query.errors import InvalidQueryError
from clew.query.traceql import parse

WRONG = [
    ('{ duration > "1s" }', '"1s"', "duration cannot be compared with string"),
    ("{ status = 2 }", "2", "status cannot be compared with int"),
    ('{ "x" = kind }', '"x"', "kind cannot be compared with string"),
    ("{ status > ok }", ">", "> cannot be used with status"),
    ("{ kind = error }", "error", "kind cannot be compared with status"),
    ("{ .a > nil }", ">", "> cannot be used with nil"),
    ("{ .a < true }", "<", "< cannot be used with bool"),
    ("{ name = nil }", "nil", "name cannot be compared with nil"),
    ("{ nil = duration }", "nil", "duration cannot be compared with nil"),
    ("{ resource.service.name = nil }", "nil", "resource.service.name is never nil"),
    ("{ .a + 1 = nil }", ".a + 1", "only fields compare with nil"),
    ("{ .a !=? nil }", "!=?", "everything is absent or different from nil"),
    ("{ name = duration }", "duration", "name cannot be compared with duration"),
    ("{ .a =~ .b }", ".b", "=~ needs a string"),
    ("{ .a =~ 5 }", "5", "=~ needs a string"),
    ('{ "a" =~ "a" }', '"a"', "=~ needs a text field"),
    ("{ .a =i 5 }", "5", "=i needs text"),
    ("{ duration =i .a }", "duration", "=i needs text"),
    ("{ name + 1 = 2 }", "name", "+ needs numbers, name is a string"),
    ("{ -name = 2 }", "-name", "- needs a number, name is a string"),
    ("{ !duration }", "!duration", "! needs a condition, duration is a duration"),
    ("{ duration }", "duration", "duration is a duration, not a condition"),
    ("{ .a && name }", "name", "&& needs conditions, name is none"),
    ("{ 5 }", "5", "5 is an int, not a condition"),
    ("{ } | max(name) > 1", "name", "max needs a number, name is string"),
    ("{ } | max(status) > 1", "status", "max needs a number, status is status"),
    ("{ } | max(1) > 1", "1", "max needs a field"),
    ('{ } | count() > "x"', '"x"', "aggregates cannot be compared with string"),
    ("{ } | by(1)", "1", "by needs a field"),
    ("{ } | sort(1)", "1", "sort needs a field"),
    ("{ } | sort(duration) | select(.a)", "sort(duration)", "sort is the last stage of a search"),
    ("{ } | sort(duration) | rate()", "sort(duration)", "sort is the last stage of a search"),
    ("({ } | sort(duration)) && { }", "sort(duration)", "sort is the last stage of a search"),
    ("({ } | by(.a)) >> { }", "({ } | by(.a))", "relations need one set of spans"),
    ("{ } | by(.a) | { .b } > { .c }", "{ .b } > { .c }", "relations need one set of spans"),
    ("{ } | min_over_time(name)", "name", "min_over_time needs a number"),
    ("{ } | quantile_over_time(duration, 99)", "quantile_over_time(duration, 99)", "99.0 is no quantile"),
    ("{ } | rate() | topk(0)", "topk(0)", "topk(0) keeps nothing"),
    ("{ } | rate() > true", "> true", "series cannot be compared with bool"),
    ("{ } | compare({ .a }, 0)", "compare({ .a }, 0)", "compare shows 1 to 1000 values"),
    ("{ } | compare({ .a }, 5, 9, 3)", "compare({ .a }, 5, 9, 3)", "the window of compare is empty"),
    ("{ } | compare({ .a }) by (.b)", "compare({ .a }) by (.b)", "compare takes no by(...)"),
    ("{ } | compare({ .a }) | topk(3)", "topk(3)", "nothing can follow compare"),
    ("({ } | compare({ .a })) * 2", "compare({ .a })", "compare cannot calculate"),
    ("{ } with (most_recent=5)", "most_recent=5", "most_recent takes bool"),
]


@pytest.mark.parametrize(("text", "piece", "message"), WRONG, ids=[text for text, _, _ in WRONG])
def test_what_can_have_no_meaning_is_refused(text, piece, message):
    """A query that no data can make sense of is refused with the piece that is wrong and a way out."""
    with pytest.raises(InvalidQueryError) as caught:
        parse(text)
    assert text[caught.value.start : caught.value.end] == piece
    assert caught.value.detail.startswith(message)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "{ 1 < duration }",
        "{ 1.5 = span:childCount }",
        "{ .a = nil || nil != span.b }",
        "{ parent.name = nil }",
        "{ event:name != nil || link:spanID = nil || nil = event:timeSinceStart }",
        "{ instrumentation:version = nil }",
        "{ parent.resource.service.name = nil }",
        "{ .a = .b && .a > .b && !.c }",
        '{ name > "a" && .a < "b" }',
        "{ status != error || kind = server }",
        "{ span:duration * 2 > traceDuration / 1.5 - 5ms }",
        '{ .a !=? 5 && name !~? "x" && .b =~i `Y.*` }',
        "{ } | by(.a + 1, name) | coalesce() | { .b } > { .c }",
        "({ } | by(.a) | coalesce()) >> { }",
        "({ } | by(.a)) && { }",
        "{ } | count_distinct(name) > 3 | sort(count() asc)",
        "{ } | count_distinct_over_time(name) by (.a, .b, .c, .d, .e, .f, .g) | topk(1)",
        "{ } | rate() with (sample=true, sample=0.5, exemplars=false, exemplars=10, anything=`x`)",
    ],
)
def test_what_may_have_a_meaning_is_accepted(text):
    """Attributes may hold any type, numbers of all types compare, and the extensions pass."""
    parse(text)
