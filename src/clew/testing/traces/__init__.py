"""Deterministic OTLP requests of a realistic web shop, made fast: encoded once, then patched.

A seed and a number come in; protobuf bytes come out, and the ids of the traces in them, so that whoever sends them can
ask for each one later.
"""

from clew.testing.traces.big import big_trace
from clew.testing.traces.source import SPANS_PER_REQUEST, Prepared, TraceSource

__all__ = ["SPANS_PER_REQUEST", "Prepared", "TraceSource", "big_trace"]
