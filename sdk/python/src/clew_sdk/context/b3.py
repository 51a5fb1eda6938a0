"""B3, as one header or several (https://github.com/openzipkin/b3-propagation)."""

from __future__ import annotations

from opentelemetry.context import Context, create_key, get_value, set_value
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)

from clew_sdk.context.carrier import current, hexadecimal, only, remote

_DEBUG = create_key("clew-b3-debug")
_TRACE, _SPAN, _SAMPLED, _FLAGS = "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags"
_SINGLE = range(2, 5)
"""Parts of the single header: ids alone, with the decision, with the parent."""


class B3Propagator(TextMapPropagator):
    """Reads both forms, the single header first; writes the one it was made for."""

    def __init__(self, *, single: bool = True) -> None:
        self.single = single

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Return the context with the sender's span, or the given one where the headers are not valid."""
        base = Context() if context is None else context
        header = only(carrier, "b3", getter)
        if header is not None:
            parts = header.lower().split("-")
            if len(parts) not in _SINGLE:
                return base  # a decision alone names no span
            trace, span, told = parts[0], parts[1], parts[2] if len(parts) > _SINGLE[0] else ""
            debug = told == "d"
        else:
            trace, span = ((only(carrier, key, getter) or "").lower() for key in (_TRACE, _SPAN))
            told = (only(carrier, _SAMPLED, getter) or "").lower()
            debug = only(carrier, _FLAGS, getter) == "1"
        trace_id = hexadecimal(trace, 32) or hexadecimal(trace, 16)
        found = remote(base, trace_id, hexadecimal(span, 16), sampled=debug or told in {"1", "true"})
        return set_value(_DEBUG, debug, found) if found is not base else base

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Write the header or headers."""
        span = current(context)
        if span is None:
            return
        debug = bool(get_value(_DEBUG, context))
        trace, one = f"{span.trace_id:032x}", f"{span.span_id:016x}"
        sampled = "1" if span.trace_flags.sampled else "0"
        if self.single:
            setter.set(carrier, "b3", f"{trace}-{one}-{'d' if debug else sampled}")
            return
        setter.set(carrier, _TRACE, trace)
        setter.set(carrier, _SPAN, one)
        setter.set(carrier, _FLAGS if debug else _SAMPLED, "1" if debug else sampled)

    @property
    def fields(self) -> set[str]:
        """The headers that are written."""
        return {"b3"} if self.single else {_TRACE, _SPAN, _SAMPLED, _FLAGS}
