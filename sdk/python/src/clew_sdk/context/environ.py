"""Context through environment variables, for batch jobs and CI: a parent sets them, a child reads them at its start.

`TRACEPARENT`, `TRACESTATE` and `BAGGAGE`, as OpenTelemetry's specification of environment carriers names them; Lambda's
`_X_AMZN_TRACE_ID` is read where the others are absent.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

from opentelemetry.context import Context
from opentelemetry.propagators.textmap import DefaultGetter, Setter
from opentelemetry.trace import get_current_span

from clew_sdk.context.baggage import GuardedBaggagePropagator
from clew_sdk.context.w3c import W3CPropagator
from clew_sdk.context.xray import extract_text

_LAMBDA = "_X_AMZN_TRACE_ID"


class _Upper(Setter[MutableMapping[str, str]]):
    def set(self, carrier: MutableMapping[str, str], key: str, value: str) -> None:
        carrier[key.upper()] = value


def from_environ(environ: Mapping[str, str] | None = None, context: Context | None = None) -> Context:
    """Return the context that the starter of this process has left."""
    told = os.environ if environ is None else environ
    carrier = {key.lower(): told[key] for key in ("TRACEPARENT", "TRACESTATE", "BAGGAGE") if told.get(key)}
    found = W3CPropagator().extract(carrier, context, DefaultGetter())
    if not get_current_span(found).get_span_context().is_valid:
        found = extract_text(told.get(_LAMBDA, ""), found)
    return GuardedBaggagePropagator().extract(carrier, found, DefaultGetter())


def to_environ(environ: Mapping[str, str] | None = None, context: Context | None = None) -> dict[str, str]:
    """Return an environment for a child process, `os.environ` by default, with the current context in it."""
    made = dict(os.environ if environ is None else environ)
    for key in ("TRACEPARENT", "TRACESTATE", "BAGGAGE"):
        made.pop(key, None)
    W3CPropagator().inject(made, context, _Upper())
    GuardedBaggagePropagator().inject(made, context, _Upper())
    return made
