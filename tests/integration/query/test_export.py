from __future__ import annotations

import json
import time

import pytest

from clew.codec import Compression, Encoding, Request, SpanBuilder
from clew.model import Scope
from clew.pipeline.rollup import Columns, trace_index
from clew.query.export import export

NOW = time.time_ns() // 10**9 * 10**9 + 987_654_321
TRACE = "00f0000000000000000000000000abcd"
SENT = {
    "resourceSpans": [
        {
            "resource": {
                "attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}],
                "droppedAttributesCount": 1,
            },
            "scopeSpans": [
                {
                    "scope": {
                        "name": "lib",
                        "version": "1",
                        "attributes": [{"key": "s", "value": {"boolValue": True}}],
                    },
                    "spans": [
                        {
                            "traceId": TRACE,
                            "spanId": "00000000000000a1",
                            "name": "GET /",
                            "kind": 2,
                            "startTimeUnixNano": str(NOW),
                            "endTimeUnixNano": str(NOW + 5),
                            "attributes": [
                                {"key": "i", "value": {"intValue": "-5"}},
                                {"key": "d", "value": {"doubleValue": 0.5}},
                                {"key": "empty", "value": {"stringValue": ""}},
                                {
                                    "key": "list",
                                    "value": {"arrayValue": {"values": [{"intValue": "1"}, {"intValue": "2"}]}},
                                },
                                {
                                    "key": "mixed",
                                    "value": {"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "x"}]}},
                                },
                            ],
                            "events": [
                                {
                                    "timeUnixNano": str(NOW + 1),
                                    "name": "exception",
                                    "attributes": [{"key": "t", "value": {"stringValue": "X"}}],
                                }
                            ],
                            "links": [
                                {"traceId": "0" * 31 + "5", "spanId": "0" * 15 + "9", "traceState": "a=b", "flags": 1}
                            ],
                            "status": {"code": 2, "message": "no"},
                            "flags": 257,
                        }
                    ],
                    "schemaUrl": "https://example.org/scope",
                }
            ],
            "schemaUrl": "https://example.org/resource",
        }
    ]
}


def leaves(value, path=()):
    """Return every scalar of a JSON tree with its path, attribute lists by key."""
    if isinstance(value, dict):
        return {leaf for key, one in value.items() for leaf in leaves(one, (*path, key))}
    if isinstance(value, list):
        named = [(one.get("key", index) if isinstance(one, dict) else index, one) for index, one in enumerate(value)]
        return {leaf for name, one in named for leaf in leaves(one, (*path, name))}
    return {(path, value)}


@pytest.mark.parametrize("encoding", list(Encoding))
def test_an_exported_trace_is_what_was_sent(make_store, encoding):
    """Decoded, stored, read and encoded again, a trace has every value that was sent, in either encoding."""
    store = make_store()
    builder = SpanBuilder(retention_s=30 * 86_400)
    body = json.dumps(SENT).encode()
    (pushed,) = builder.push([Request(store.scope.tenant, body, Encoding.JSON, Compression.NONE, NOW)])
    assert pushed.accepted == 1, pushed
    batches = builder.finish()
    store.put("resources", batches.resources)
    store.put("scopes", batches.scopes)
    store.put("spans", batches.rows)
    store.put("trace_index", trace_index(Columns.of([batches.rows])))
    out = export(store.read(), TRACE, encoding).body
    if encoding is Encoding.PROTOBUF:
        (pushed,) = builder.push([Request(store.scope.tenant, out, encoding, Compression.NONE, NOW)])
        assert pushed.accepted == 1
        assert builder.finish().rows.drop_columns(["received"]).equals(batches.rows.drop_columns(["received"]))
        return
    missing = leaves(SENT) - leaves(json.loads(out))
    assert missing == set()
    assert Scope(store.scope.tenant)
