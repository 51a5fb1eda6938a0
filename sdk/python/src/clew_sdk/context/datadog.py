"""Datadog's headers: decimal ids of 64 bits, and the high half of the trace id as the tag `_dd.p.tid`."""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)

from clew_sdk.context.carrier import current, hexadecimal, only, remote

_TRACE, _SPAN, _PRIORITY, _TAGS = (
    "x-datadog-trace-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-tags",
)
_HIGH = "_dd.p.tid"
_LOW_HALF = (1 << 64) - 1
_DIGITS = 20


class DatadogPropagator(TextMapPropagator):
    """Reads and writes `x-datadog-*`."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Return the context with the sender's span, or the given one where the headers are not valid."""
        base = Context() if context is None else context
        low, span_id = (_decimal(only(carrier, key, getter)) for key in (_TRACE, _SPAN))
        tags = dict(part.partition("=")[::2] for part in (only(carrier, _TAGS, getter) or "").split(","))
        high = hexadecimal(tags.get(_HIGH, ""), 16)
        priority = only(carrier, _PRIORITY, getter)
        sampled = priority is None or (priority.lstrip("-").isdigit() and int(priority) > 0)
        return remote(base, high << 64 | low if low else 0, span_id, sampled=sampled)

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Write the headers."""
        span = current(context)
        if span is None:
            return
        setter.set(carrier, _TRACE, str(span.trace_id & _LOW_HALF))
        setter.set(carrier, _SPAN, str(span.span_id))
        setter.set(carrier, _PRIORITY, str(int(span.trace_flags.sampled)))
        if span.trace_id >> 64:
            setter.set(carrier, _TAGS, f"{_HIGH}={span.trace_id >> 64:016x}")

    @property
    def fields(self) -> set[str]:
        """The headers."""
        return {_TRACE, _SPAN, _PRIORITY, _TAGS}


def _decimal(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        return 0
    value = int(text)
    return value if value <= _LOW_HALF else 0
