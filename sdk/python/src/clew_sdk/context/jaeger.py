"""Jaeger's `uber-trace-id` (https://www.jaegertracing.io/docs/1.21/client-libraries/#propagation-format)."""

from __future__ import annotations

from urllib.parse import unquote

from opentelemetry.context import Context, create_key, get_value, set_value
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)

from clew_sdk.context.carrier import HEX, current, only, remote

_HEADER = "uber-trace-id"
_DEBUG = create_key("clew-jaeger-debug")
_PARTS = 4
_SAMPLED_BIT, _DEBUG_BIT = 0x01, 0x02


class JaegerPropagator(TextMapPropagator):
    """Reads and writes `{trace}:{span}:{parent}:{flags}`; ids may lack leading zeros."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Return the context with the sender's span, or the given one where the header is not valid."""
        base = Context() if context is None else context
        parts = unquote(only(carrier, _HEADER, getter) or "").lower().split(":")
        if len(parts) != _PARTS:
            return base
        trace_id, span_id, flags = _number(parts[0], 32), _number(parts[1], 16), _number(parts[3], 2)
        found = remote(base, trace_id, span_id, sampled=bool(flags & _SAMPLED_BIT))
        return set_value(_DEBUG, bool(flags & _DEBUG_BIT), found) if found is not base else base

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Write the header."""
        span = current(context)
        if span is None:
            return
        flags = int(span.trace_flags.sampled) * _SAMPLED_BIT | (_DEBUG_BIT if get_value(_DEBUG, context) else 0)
        setter.set(carrier, _HEADER, f"{span.trace_id:032x}:{span.span_id:016x}:0:{flags:x}")

    @property
    def fields(self) -> set[str]:
        """The header."""
        return {_HEADER}


def _number(text: str, most: int) -> int:
    return int(text, 16) if 0 < len(text) <= most and HEX.issuperset(text) else 0
