"""Sending and processing messages with spans: the producer's context is the consumer's parent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind

from shop import faults
from shop.queue import POLL_S, Broker, Message, broker
from shop.runtime import environ

_tracer = trace.get_tracer("shop.messaging")
_log = logging.getLogger("shop.messaging")
RETRY_AFTER_S = 1.0


def connect() -> Broker:
    """Return the broker of this shop."""
    return broker(Path(environ("RUN")), environ("KAFKA"))


def send(to: Broker, topic: str, body: dict[str, Any]) -> str:
    """Send one message with a producer span; returns its id."""
    with _tracer.start_as_current_span(
        f"send {topic}", kind=SpanKind.PRODUCER, attributes=_attributes(to.system, topic, "send")
    ) as span:
        headers: dict[str, str] = {}
        propagate.inject(headers)
        made = to.send(topic, body, headers)
        span.set_attribute("messaging.message.id", made)
        return made


def consume(of: Broker, topic: str, group: str, handle: Callable[[Message], None]) -> None:
    """Handle messages one after another, forever; one that fails comes again."""
    while True:
        message = of.take(topic, group)
        if message is None:
            time.sleep(POLL_S)
            continue
        try:
            with processing(of.system, message):
                handle(message)
        except Exception:  # noqa: BLE001 - whatever it is, the message comes again, and the next one has its turn
            _log.exception("message %s failed, attempt %d", message.id, message.attempt)
            of.again(message, RETRY_AFTER_S * message.attempt)
        else:
            of.done(message)


@contextmanager
def processing(system: str, message: Message) -> Iterator[trace.Span]:
    """Wrap the work on a message in a consumer span below its sender's span."""
    waited_ms = (time.time_ns() - message.sent_ns) / 1e6
    attributes: dict[str, str | int | float] = {
        **_attributes(system, message.topic, "process"),
        "messaging.message.id": message.id,
        "messaging.consumer.group.name": message.group,
        "shop.queue.waited_ms": waited_ms,
        "shop.queue.attempt": message.attempt,
    }
    context = propagate.extract(message.headers)
    with _tracer.start_as_current_span(
        f"process {message.topic}", context=context, kind=_kind(), attributes=attributes
    ) as span:
        yield span


def _kind() -> SpanKind:
    """Return the kind of spans that process messages; the fault is a library that says none."""
    return SpanKind.INTERNAL if faults.on("wrong-kinds") else SpanKind.CONSUMER


def _attributes(system: str, topic: str, operation: str) -> dict[str, str]:
    return {
        "messaging.system": system,
        "messaging.destination.name": topic,
        "messaging.operation.type": operation,
        "messaging.operation.name": operation,
    }
