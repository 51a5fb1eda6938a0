"""Requests that the codec's unit tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from clew.codec import Compression, Encoding, Request, SpanBuilder

NOW = 1_700_000_000_000_000_000

MakeRequest = Callable[..., Request]


@pytest.fixture
def make_request() -> MakeRequest:
    """Build a request; a dict becomes one span with these fields, bytes and text are sent as they are."""

    def make(content: dict[str, Any] | bytes | str, **options: Any) -> Request:
        if isinstance(content, dict):
            message = ExportTraceServiceRequest()
            fields = {"trace_id": b"\1" * 16, "span_id": b"\2" * 8, "start_time_unix_nano": NOW} | content
            message.resource_spans.add().scope_spans.add().spans.add(**fields)
            content = message.SerializeToString()
        encoding = Encoding.JSON if isinstance(content, str) else Encoding.PROTOBUF
        body = content.encode() if isinstance(content, str) else content
        defaults = {"tenant": "t", "encoding": encoding, "compression": Compression.NONE, "received_ns": NOW}
        return Request(body=body, **(defaults | options))

    return make


@pytest.fixture
def builder() -> SpanBuilder:
    """A builder with a day of retention and a limit of a mebibyte."""
    return SpanBuilder(retention_s=86_400, max_decoded_bytes=1 << 20)
