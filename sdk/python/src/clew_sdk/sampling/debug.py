"""A trace that somebody asks for: the header `x-clew-debug`, or baggage `clew.debug`, with a signature.

The token is `<expires>.<signature>`, where the signature is the HMAC-SHA256 of `clew-debug:<expires>` under a key that
the application knows. Strangers cannot make one, and one that leaked ends by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence

from opentelemetry.baggage import get_baggage, set_baggage
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from clew_sdk.context.carrier import only
from clew_sdk.sampling.consistent import parent_state
from clew_sdk.sampling.threshold import with_threshold

HEADER = "x-clew-debug"
BAGGAGE = "clew.debug"
ATTRIBUTE = "clew.debug"
LONGEST_S = 24 * 3600
"""A token that lives longer is not accepted."""


def sign(key: str | bytes, *, seconds: float = 600.0, now: float | None = None) -> str:
    """Return a token that is good for so long."""
    expires = int((time.time() if now is None else now) + seconds)
    return f"{expires}.{_signature(key, expires)}"


def verify(key: str | bytes, token: str, *, now: float | None = None) -> bool:
    """Return whether a token was signed with the key and has not expired."""
    expires, dot, signature = token.partition(".")
    if not dot or not expires.isascii() or not expires.isdigit() or not signature.isascii():
        return False
    left = int(expires) - (time.time() if now is None else now)
    return 0 < left <= LONGEST_S and hmac.compare_digest(signature, _signature(key, int(expires)))


def _signature(key: str | bytes, expires: int) -> str:
    secret = key.encode() if isinstance(key, str) else key
    return hmac.new(secret, f"clew-debug:{expires}".encode(), hashlib.sha256).hexdigest()


class DebugPropagator(TextMapPropagator):
    """Takes the header into baggage, which carries it on."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """Return the context with the token of the header."""
        base = Context() if context is None else context
        token = only(carrier, HEADER, getter)
        return set_baggage(BAGGAGE, token, base) if token else base

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Write nothing: baggage does, where its allow-list lets it."""

    @property
    def fields(self) -> set[str]:
        """The header."""
        return {HEADER}


class DebugSampler(Sampler):
    """Keeps what bears a good token, whatever the parent decided; the rest is the other sampler's."""

    def __init__(self, sampler: Sampler, key: str | bytes, *, now: Callable[[], float] = time.time) -> None:
        if not key:
            raise ValueError("debugging needs a key: set CLEW_DEBUG_KEY to a secret text")
        self._sampler = sampler
        self._key = key
        self._now = now

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes | None = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Check the token, then decide."""
        token = get_baggage(BAGGAGE, parent_context)
        if isinstance(token, str) and verify(self._key, token, now=self._now()):
            state = with_threshold(parent_state(parent_context), None)  # chosen, not by chance: it stands for itself
            return SamplingResult(Decision.RECORD_AND_SAMPLE, {**(attributes or {}), ATTRIBUTE: True}, state)
        return self._sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        """Return both names."""
        return f"DebugSampler{{{self._sampler.get_description()}}}"
