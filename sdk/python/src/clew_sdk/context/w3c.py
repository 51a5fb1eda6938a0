"""W3C Trace Context, level 2, to the letter (https://www.w3.org/TR/trace-context-2/).

What the level asks beyond a lenient reader: a header sent twice or with upper-case digits is no header; a version that
is not known is read by its known part; `tracestate` is taken whole or not at all, its members keep their order; the
random flag says of a trace id what its maker said.
"""

from __future__ import annotations

import re
from typing import Any

from opentelemetry.context import Context, create_key, get_value, set_value
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.trace import TraceState

from clew_sdk.context.carrier import HEX, current, hexadecimal, only, remote, values

SAMPLED, RANDOM = 0x01, 0x02
MAX_MEMBERS = 32
MAX_STATE = 8192
"""Longest `tracestate` in characters that is read; level 2 asks for at least 512."""

_LENGTH = 55
_RANDOM_KEY = create_key("clew-random-trace-id")
_KEY = re.compile(r"[a-z0-9][a-z0-9_\-*/@]{0,255}")
_VALUE = re.compile(r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")


class W3CPropagator(TextMapPropagator):
    """Reads and writes `traceparent` and `tracestate`."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Return the context with the sender's span, or the given one where the header is not valid."""
        base = Context() if context is None else context
        header = only(carrier, "traceparent", getter)
        parsed = parse_traceparent(header) if header else None
        if parsed is None:
            return base
        trace_id, span_id, flags = parsed
        state = parse_tracestate(values(carrier, "tracestate", getter))
        found = remote(base, trace_id, span_id, sampled=bool(flags & SAMPLED), state=state)
        return set_value(_RANDOM_KEY, (trace_id, bool(flags & RANDOM)), found)

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Write both headers; `tracestate` only when it has members."""
        span = current(context)
        if span is None:
            return
        flags = int(span.trace_flags) & SAMPLED | (RANDOM if is_random(span.trace_id, context) else 0)
        setter.set(carrier, "traceparent", f"00-{span.trace_id:032x}-{span.span_id:016x}-{flags:02x}")
        if span.trace_state:
            setter.set(carrier, "tracestate", print_tracestate(span.trace_state))

    @property
    def fields(self) -> set[str]:
        """The headers."""
        return {"traceparent", "tracestate"}


def is_random(trace_id: int, context: Context | None) -> bool:
    """Return whether the low seven bytes of a trace id are random: as its sender said, or as the SDK makes its own."""
    told: Any = get_value(_RANDOM_KEY, context)
    return told[1] if told is not None and told[0] == trace_id else True


def parse_traceparent(header: str) -> tuple[int, int, int] | None:
    """Return trace id, span id and flags, or None."""
    if len(header) < _LENGTH or header[2] != "-" or header[35] != "-" or header[52] != "-":
        return None
    version = header[:2]
    if not HEX.issuperset(version) or version == "ff":
        return None
    if len(header) > _LENGTH and (version == "00" or header[_LENGTH] != "-"):
        return None
    trace_id, span_id = hexadecimal(header[3:35], 32), hexadecimal(header[36:52], 16)
    flags = header[53:55]
    if not trace_id or not span_id or not HEX.issuperset(flags):
        return None
    return trace_id, span_id, int(flags, 16)


def parse_tracestate(headers: list[str]) -> TraceState | None:
    """Return the members of all headers in their order, or None where any of it is not valid."""
    text = ",".join(headers)
    if not text or len(text) > MAX_STATE:
        return None
    members: dict[str, str] = {}
    for raw in text.split(","):
        member = raw.strip(" \t")
        if not member:
            continue
        key, equals, value = member.partition("=")
        if not equals or key in members or not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            return None
        members[key] = value
    if not members or len(members) > MAX_MEMBERS:
        return None
    return TraceState(list(members.items()))


def print_tracestate(state: TraceState) -> str:
    """Return the header of a trace state."""
    return ",".join(f"{key}={value}" for key, value in state.items())
