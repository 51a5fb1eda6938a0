"""Span kinds and statuses with their OTLP numbers."""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """`SpanKind` of OTLP."""

    UNSPECIFIED = 0
    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


class Status(IntEnum):
    """`Status.StatusCode` of OTLP."""

    UNSET = 0
    OK = 1
    ERROR = 2


KIND_NAMES: dict[int, str] = {kind.value: kind.name.lower() for kind in Kind}
"""Number to the name that TraceQL and the API use."""

STATUS_NAMES: dict[int, str] = {status.value: status.name.lower() for status in Status}
"""Number to the name that TraceQL and the API use."""
