"""Reading carriers: one header by its name, and how often it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    get_current_span,
    set_span_in_context,
)

HEX = frozenset("0123456789abcdef")


def values(carrier: Any, key: str, getter: Getter[Any]) -> list[str]:
    """Return every value of a header; a getter that knows one spelling alone is asked for the usual two."""
    found: Sequence[str | bytes] = getter.get(carrier, key) or getter.get(carrier, key.title()) or ()
    return [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in found]


def only(carrier: Any, key: str, getter: Getter[Any]) -> str | None:
    """Return the value of a header that was sent exactly once."""
    found = values(carrier, key, getter)
    return found[0].strip() if len(found) == 1 else None


def hexadecimal(text: str, digits: int) -> int:
    """Return the number that exactly so many lower-case hex digits spell; 0, which is no id, where they do not."""
    return int(text, 16) if len(text) == digits and HEX.issuperset(text) else 0


def remote(
    context: Context | None,
    trace_id: int,
    span_id: int,
    *,
    sampled: bool,
    state: TraceState | None = None,
) -> Context:
    """Return a context whose current span is the sender's; the given one where an id is zero."""
    base = Context() if context is None else context
    if not trace_id or not span_id or trace_id >> 128 or span_id >> 64:
        return base
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    span = NonRecordingSpan(SpanContext(trace_id, span_id, True, flags, state))
    return set_span_in_context(span, base)


def current(context: Context | None) -> SpanContext | None:
    """Return the context of the span to send, or None where there is none."""
    found = get_current_span(context).get_span_context()
    return found if found.is_valid else None
