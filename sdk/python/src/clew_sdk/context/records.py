"""Context in the headers of records, which are lists of names and bytes: Kafka's, and those of clients like its.

Instrumentations of producers write them. Those of consumers end their span before the record is worked on, or only link
to the producer; `processing` is the span for the work itself, in the producer's trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter, Setter
from opentelemetry.trace import Span, SpanKind

Headers = Iterable[tuple[str, bytes | None]]


class _Last(Getter[Headers]):
    """Of several headers of one name the last counts: producers append when they pass a record on."""

    def get(self, carrier: Headers, key: str) -> list[str] | None:
        """Return the value in a list, or None."""
        found = [value for name, value in carrier if name.lower() == key.lower() and value is not None]
        return [found[-1].decode("latin-1")] if found else None

    def keys(self, carrier: Headers) -> list[str]:
        """Return the names."""
        return [name for name, _ in carrier]


class _Replace(Setter[list[tuple[str, bytes | None]]]):
    def set(self, carrier: list[tuple[str, bytes | None]], key: str, value: str) -> None:
        carrier[:] = [*(one for one in carrier if one[0].lower() != key.lower()), (key, value.encode())]


def from_headers(headers: Headers | None, context: Context | None = None) -> Context:
    """Return the context of whoever sent a record; the given one where it tells none."""
    return propagate.extract(list(headers or ()), context, _Last())


def to_headers(headers: Headers | None = None, context: Context | None = None) -> list[tuple[str, bytes | None]]:
    """Return headers with the current context in them, in place of an older one."""
    made = list(headers or ())
    propagate.inject(made, context, _Replace())
    return made


@contextmanager
def processing(destination: str, headers: Headers | None, *, system: str = "kafka") -> Iterator[Span]:
    """Make the work on one record a consumer span in the trace of its producer.

    Args:
        destination: topic or queue.
        headers: as the client gives them: `record.headers`, `message.headers()`; None is no headers.
        system: `messaging.system`.
    """
    attributes = {
        "messaging.system": system,
        "messaging.destination.name": destination,
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
    }
    tracer, context = trace.get_tracer("clew_sdk"), from_headers(headers)
    with tracer.start_as_current_span(f"process {destination}", context, SpanKind.CONSUMER, attributes) as span:
        yield span
