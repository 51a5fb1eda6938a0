"""OTLP JSON as the specification says."""

from __future__ import annotations

import json

import pytest

from clew.codec import Encoding, MalformedError, encode_traces


def body(span: str) -> str:
    """A request of one span with these fields."""
    return f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{span}}}]}}]}}]}}'


IDS = '"traceId":"0102030405060708090a0B0C0D0E0F10","spanId":"eee19b7ec3c1b174"'


def row_of(builder, make_request, fields: str):
    """The one row of a span with these fields."""
    (pushed,) = builder.push([make_request(body(IDS + "," + fields))])
    assert pushed.error is None, pushed.error
    return builder.finish().rows.to_pylist()[0]


def attribute(value: str) -> str:
    """An attribute with this AnyValue."""
    return f'"attributes":[{{"key":"k","value":{value}}}]'


def test_ids_are_hex_of_any_case(builder, make_request):
    """Trace and span ids are hex in upper, lower or mixed case."""
    row = row_of(builder, make_request, '"parentSpanId":"EEE19B7EC3C1B173"')
    assert row["trace_id"].hex() == "0102030405060708090a0b0c0d0e0f10"
    assert f"{row['span_id']:x} {row['parent_id']:x}" == "eee19b7ec3c1b174 eee19b7ec3c1b173"


@pytest.mark.parametrize("trace_id", ["", "0", "xyz", "AQIDBAUGBwgJCgsMDQ4PEA=="])
def test_ids_that_are_no_hex_reject_their_span(trace_id, builder, make_request):
    """An id in base64, or no id, rejects the span and not the request."""
    (pushed,) = builder.push([make_request(body(f'"traceId":"{trace_id}","spanId":"eee19b7ec3c1b174"'))])
    assert pushed.error is None
    assert pushed.reasons == {"invalid_trace_id": 1}


@pytest.mark.parametrize("form", ["1700000000000000001", '"1700000000000000001"'])
def test_long_integers_are_strings_or_numbers(form, builder, make_request):
    """64-bit integers are read exactly as a string and as a number."""
    row = row_of(builder, make_request, f'"startTimeUnixNano":{form},' + attribute(f'{{"intValue":{form}}}'))
    assert row["start"].value == 1_700_000_000_000_000_001
    assert row["attr_int"] == [("k", 1_700_000_000_000_000_001)]


@pytest.mark.parametrize(
    ("value", "column", "expected"),
    [
        ('{"intValue":"-9223372036854775808"}', "attr_int", -(2**63)),
        ('{"intValue":1e3}', "attr_int", 1000),
        ('{"doubleValue":"Infinity"}', "attr_float", float("inf")),
        ('{"doubleValue":"-Infinity"}', "attr_float", float("-inf")),
        ('{"doubleValue":3}', "attr_float", 3.0),
        ('{"doubleValue":"1.5"}', "attr_float", 1.5),
        ('{"boolValue":false}', "attr_bool", False),
        ('{"stringValue":""}', "attr_str", ""),
        ('{"stringValue":"\\u00e9\\ud83d\\ude00\\n"}', "attr_str", "é😀\n"),
        ('{"bytesValue":"-_8"}', "attr_any", '{"bytesValue":"+/8="}'),
        ('{"bytesValue":"+/8="}', "attr_any", '{"bytesValue":"+/8="}'),
        ("{}", "attr_any", "{}"),
        ("null", "attr_any", "{}"),
        ('{"stringValue":null}', "attr_any", "{}"),
        ('{"arrayValue":{"values":[{"intValue":"1"}]}}', "arr_int", [1]),
        ('{"arrayValue":{}}', "arr_str", []),
    ],
)
def test_values(value, column, expected, builder, make_request):
    """Each kind of value in its JSON forms."""
    assert row_of(builder, make_request, attribute(value))[column] == [("k", expected)]


def test_nan_is_a_string(builder, make_request):
    """NaN comes as a string and goes out as one."""
    builder.push([make_request(body(IDS + "," + attribute('{"doubleValue":"NaN"}')))])
    batches = builder.finish()
    out = encode_traces(batches.rows, batches.resources, batches.scopes, Encoding.JSON)
    assert b'"doubleValue":"NaN"' in out


def test_unknown_fields_snake_case_and_nulls_are_ignored(builder, make_request):
    """Fields that are unknown, written in snake_case, or null count as absent."""
    row = row_of(builder, make_request, '"name":null,"trace_state":"x=y","more":{"a":[1,{"b":null}]},"status":{"x":1}')
    assert (row["name"], row["trace_state"], row["status"]) == ("", "", 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"resourceSpans":{}}',
        body('"kind":"SPAN_KIND_SERVER"'),
        body('"kind":1.5'),
        body('"name":1'),
        body('"startTimeUnixNano":-1'),
        body('"startTimeUnixNano":"18446744073709551616"'),
        body('"flags":4294967296'),
        body(attribute('{"intValue":"x"}')),
        body(attribute('{"intValue":"01"}')),
        body(attribute('{"boolValue":"true"}')),
        body(attribute('{"bytesValue":"*"}')),
        body('"name":"\\ud8"'),
        '{"a":' + "[" * 1000 + "]" * 1000 + "}",
        '{"resourceSpans":[]} x',
    ],
)
def test_what_is_no_otlp_json_is_refused(text, builder, make_request):
    """Broken JSON, names of enums, and values of another type are a bad request."""
    (pushed,) = builder.push([make_request(text)])
    assert isinstance(pushed.error, MalformedError)


def test_output_is_otlp_json(builder, make_request):
    """Ids go out as hex, 64-bit integers as strings, enums as numbers, and empty messages stay."""
    builder.push([make_request({"kind": 2, "end_time_unix_nano": 1_700_000_000_000_000_009})])
    batches = builder.finish()
    out = json.loads(encode_traces(batches.rows, batches.resources, batches.scopes, Encoding.JSON))
    (group,) = out["resourceSpans"]
    assert group["resource"] == {}
    assert group["scopeSpans"][0]["scope"] == {}
    assert group["scopeSpans"][0]["spans"] == [
        {
            "traceId": "01" * 16,
            "spanId": "02" * 8,
            "kind": 2,
            "startTimeUnixNano": "1700000000000000000",
            "endTimeUnixNano": "1700000000000000009",
            "status": {},
        }
    ]
