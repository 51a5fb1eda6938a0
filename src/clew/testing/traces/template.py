"""A request encoded once, with the offsets of everything that differs from request to request."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

import numpy as np
import numpy.typing as npt

from clew.testing.traces import shop
from clew.testing.traces.wire import Message, attributes

Offsets = npt.NDArray[np.int64]

_ERROR_SHARE = 0.03
_SPREAD = 0.7
"""How often an error of a callee fails its caller too."""
EXCEPTION = """Traceback (most recent call last):
  File "/srv/app/handler.py", line 88, in handle
TimeoutError: deadline exceeded"""


@dataclass(slots=True)
class Planned:
    """One span of a template, before it is encoded."""

    trace: int
    parent: int
    """Index of the parent among the template's spans, -1 for a root."""
    call: shop.Call
    start_ns: int
    duration_ns: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Template:
    """The encoded request and where its changing parts are; row i of every array is span i."""

    body: npt.NDArray[np.uint8]
    trace: Offsets
    """Trace of each span, counted from 0."""
    parent: Offsets
    start_ns: Offsets
    """Start after the start of the trace."""
    duration_ns: Offsets
    at: dict[str, tuple[Offsets, Offsets]]
    """Slot name to (flat byte positions of all its values, span of each value)."""
    traces: int


WIDTHS = {
    "trace_id": 16,
    "span_id": 8,
    "parent_id": 8,
    "start": 8,
    "end": 8,
    "event": 8,
    "user": 9,
    "hex": 16,
    "link": 16,
    "link_span": 8,
}
"""Bytes of each slot."""


class Form(StrEnum):
    """How the spans of a request hang together."""

    TRACES = "traces"
    """Whole traces, each with its root."""
    TREE = "tree"
    """One tree under one root, exactly as many spans as asked for."""
    BRANCH = "branch"
    """The same, but its first span hangs below a span of another request."""


def plan(rng: Random, spans: int, form: Form = Form.TRACES) -> list[Planned]:
    """Return whole traces, as many as `spans` allows and at least one; or one tree of exactly `spans`."""
    calls, weights = zip(*shop.REQUESTS, strict=True)
    planned: list[Planned] = []
    trace = 0
    while True:
        tree: list[Planned] = []
        parent = -1 if form is Form.TRACES or not planned else rng.randrange(max(0, len(planned) - 400), len(planned))
        start = planned[parent].start_ns if parent >= 0 else 0
        root = rng.choices(calls, weights)[0]
        _place(root, rng, tree, trace=trace, parent=parent, at=start, base=len(planned))
        if form is not Form.TRACES:
            planned += tree[: spans - len(planned)]
            if len(planned) == spans:
                return planned
        elif planned and len(planned) + len(tree) > spans:
            return planned
        else:
            planned += tree
        trace += 1


def _place(
    call: shop.Call, rng: Random, tree: list[Planned], *, trace: int, parent: int, at: int, base: int
) -> Planned:
    """Append `call` and what it calls, in time order; a failing callee often fails its caller."""
    own = int(call.own_ms * 1e6 * rng.lognormvariate(0, 0.5))
    mine = Planned(trace, parent, call, at, own, rng.random() < _ERROR_SHARE and not call.calls)
    index = base + len(tree)
    tree.append(mine)
    now = at + own // 2
    for callee in call.calls:
        child = _place(callee, rng, tree, trace=trace, parent=index, at=now, base=base)
        mine.failed |= child.failed and rng.random() < _SPREAD
        now += child.duration_ns if callee.kind != shop.CONSUMER else 0
    mine.duration_ns = now - at + own - own // 2
    return mine


def build(rng: Random, spans: int, form: Form = Form.TRACES) -> Template:
    """Encode a request of at most `spans` spans, grouped by service as a Collector sends them."""
    planned = plan(rng, spans, form)
    request = Message()
    for service in dict.fromkeys(one.call.service for one in planned):
        scope = Message().message(1, Message().text(1, f"@shop/{service}").text(2, "1.4.0"))
        for index, one in enumerate(planned):
            if one.call.service == service:
                scope.message(2, _span(one, index, rng, rooted=one.parent < 0 and form is not Form.BRANCH))
        scope.text(3, "https://opentelemetry.io/schemas/1.44.0")
        described = attributes(Message(), 1, shop.resource(service, rng))
        request.message(1, Message().message(1, described).message(2, scope))
    return Template(
        np.frombuffer(bytes(request.data), np.uint8),
        np.array([one.trace for one in planned]),
        np.array([one.parent for one in planned]),
        np.array([one.start_ns for one in planned]),
        np.array([one.duration_ns for one in planned]),
        _positions(request),
        planned[-1].trace + 1,
    )


def _span(one: Planned, index: int, rng: Random, *, rooted: bool) -> Message:
    span = Message().text(1, bytes(16), slot="trace_id", tag=index).text(2, bytes(8), slot="span_id", tag=index)
    span.text(3, "shop=00f067aa0ba902b7;p:8;r:62,congo=t61rcWkgMzE")
    if not rooted:
        span.text(4, bytes(8), slot="parent_id", tag=index)
    span.text(5, one.call.name).number(6, one.call.kind)
    span.fixed64(7, slot="start", tag=index).fixed64(8, slot="end", tag=index)
    attributes(span, 9, shop.span_attributes(one.call, rng, failed=one.failed), tag=index)
    if one.failed:
        span.message(11, _exception(index))
        span.message(15, Message().text(2, "deadline exceeded").number(3, 2))
    if one.call.kind == shop.CONSUMER:
        link = Message().text(1, bytes(16), slot="link", tag=index).text(2, bytes(8), slot="link_span", tag=index)
        span.message(13, attributes(link, 4, [("messaging.batch.index", 1)]))
    return span.fixed32(16, 0x101)


def _exception(index: int) -> Message:
    event = Message().fixed64(1, slot="event", tag=index).text(2, "exception")
    told = [
        ("exception.type", "TimeoutError"),
        ("exception.message", "deadline exceeded"),
        ("exception.stacktrace", EXCEPTION),
    ]
    return attributes(event, 3, told)


@dataclass(slots=True)
class _Found:
    offsets: list[int] = field(default_factory=list)
    spans: list[int] = field(default_factory=list)


def _positions(request: Message) -> dict[str, tuple[Offsets, Offsets]]:
    found: dict[str, _Found] = {}
    for name, offset, span in request.slots:
        one = found.setdefault(name, _Found())
        one.offsets.append(offset)
        one.spans.append(span)
    return {
        name: (np.array(one.offsets)[:, None] + np.arange(WIDTHS[name]), np.array(one.spans))
        for name, one in found.items()
    }
