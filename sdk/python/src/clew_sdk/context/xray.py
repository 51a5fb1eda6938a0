"""AWS X-Ray's `X-Amzn-Trace-Id`, also where Lambda puts it: the environment variable `_X_AMZN_TRACE_ID`."""

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

_HEADER = "x-amzn-trace-id"
_ROOT_PARTS = 3


class XRayPropagator(TextMapPropagator):
    """Reads and writes `Root=1-{time}-{rest};Parent={span};Sampled={0|1}`; other fields are read over."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Return the context with the sender's span, or the given one where the header is not valid."""
        base = Context() if context is None else context
        return extract_text(only(carrier, _HEADER, getter) or "", base)

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Write the header."""
        span = current(context)
        if span is None:
            return
        trace = f"{span.trace_id:032x}"
        sampled = int(span.trace_flags.sampled)
        setter.set(carrier, _HEADER, f"Root=1-{trace[:8]}-{trace[8:]};Parent={span.span_id:016x};Sampled={sampled}")

    @property
    def fields(self) -> set[str]:
        """The header."""
        return {_HEADER}


def extract_text(header: str, base: Context) -> Context:
    """Return the context that a header's text names."""
    pairs = (part.strip().partition("=") for part in header.split(";"))
    told = {key.strip().lower(): value.strip() for key, _, value in pairs}
    root = told.get("root", "").split("-")
    if len(root) != _ROOT_PARTS or root[0] != "1" or not hexadecimal(root[1], 8):
        return base
    trace_id = hexadecimal(root[1] + root[2], 32)
    return remote(base, trace_id, hexadecimal(told.get("parent", ""), 16), sampled=told.get("sampled") == "1")
