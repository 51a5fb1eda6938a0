"""Requests without end: the same seed and number give the same bytes, and a number gives its trace ids back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt

from clew.testing.traces.template import Form, build

Words = npt.NDArray[np.uint64]

SPANS_PER_REQUEST = 512
TEMPLATES = 24
_USERS = 5000
_HEX = np.frombuffer(b"".join(b"%02x" % i for i in range(256)), np.uint8).reshape(256, 2)
_USER = np.frombuffer(b"".join(b"user-%04d" % i for i in range(_USERS)), np.uint8).reshape(_USERS, 9)
_TRACE_GAP_NS = 150_000


def mix(values: Words) -> Words:
    """Return each value scrambled without collisions (the finalizer of splitmix64)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to send."""

    number: int
    body: bytes
    """An OTLP `ExportTraceServiceRequest` in protobuf."""
    spans: int
    trace_ids: list[bytes]
    spans_of: list[int]
    """Spans of each trace, in the order of `trace_ids`."""


class TraceSource:
    """Deterministic OTLP requests of whole traces; about two million spans a second."""

    def __init__(
        self, seed: int = 1, *, spans: int = SPANS_PER_REQUEST, templates: int = TEMPLATES, form: Form = Form.TRACES
    ) -> None:
        rng = Random(seed)  # noqa: S311 - reproducible data, no secret
        self._seed = np.uint64(seed)
        self._templates = [build(rng, spans, form) for _ in range(templates)]
        self._speed = [np.array([rng.lognormvariate(0, 0.4) for _ in range(t.traces)]) for t in self._templates]
        self._counts = [np.bincount(t.trace).tolist() for t in self._templates]

    def spans(self, number: int) -> int:
        """Return how many spans request `number` has."""
        return len(self._templates[number % len(self._templates)].trace)

    def trace_ids(self, number: int) -> list[bytes]:
        """Return the trace ids of request `number`, as the 16 bytes that are sent."""
        return [row.tobytes() for row in self._ids(number)]

    def span_ids(self, number: int) -> Words:
        """Return the span ids of request `number`; the eight bytes of each are what is sent."""
        first = (np.uint64(number) << np.uint64(24)) + np.uint64(1 << 60)
        rows = np.arange(self.spans(number), dtype=np.uint64)
        return mix((rows + first) ^ mix(np.array([self._seed])))

    def request(
        self, number: int, now_ns: int, *, trace_id: bytes | None = None, anchor: np.uint64 | None = None
    ) -> Prepared:
        """Return request `number` with traces that end at `now_ns`.

        Args:
            number: which request; its ids follow from it and the seed.
            now_ns: end of the newest trace.
            trace_id: put every span into this one trace.
            anchor: span id of another request under which the first span of a branch hangs.
        """
        which = number % len(self._templates)
        template = self._templates[which]
        body = template.body.copy()
        ids = self._ids(number)
        if trace_id is not None:
            ids = np.broadcast_to(np.frombuffer(trace_id, np.uint8), ids.shape)
        self._patch(body, which, ids=ids, span_ids=self.span_ids(number), anchor=anchor, now_ns=now_ns)
        traces = [row.tobytes() for row in ids] if trace_id is None else [trace_id]
        counts = self._counts[which] if trace_id is None else [len(template.trace)]
        return Prepared(number, body.tobytes(), len(template.trace), traces, counts)

    def requests(self, first: int, count: int, now_ns: int) -> Iterator[Prepared]:
        """Yield `count` requests from number `first`."""
        for number in range(first, first + count):
            yield self.request(number, now_ns)

    def _ids(self, number: int) -> npt.NDArray[np.uint8]:
        traces = self._templates[number % len(self._templates)].traces
        words = np.arange(2 * traces, dtype=np.uint64) + (np.uint64(number) << np.uint64(20))
        return (
            mix(mix(words + np.uint64(1)) ^ mix(np.array([self._seed])))[: 2 * traces]
            .view(np.uint8)
            .reshape(traces, 16)
        )

    def _patch(
        self,
        body: npt.NDArray[np.uint8],
        which: int,
        *,
        ids: npt.NDArray[np.uint8],
        span_ids: Words,
        anchor: np.uint64 | None,
        now_ns: int,
    ) -> None:
        """Write the ids, times and other changing values of one request."""
        template = self._templates[which]
        rows = len(template.trace)
        factor = self._speed[which][template.trace]
        length = (template.duration_ns * factor).astype(np.int64)
        start = (template.start_ns * factor).astype(np.int64) + template.trace * _TRACE_GAP_NS
        start += now_ns - int((start + length).max())
        span_bytes = span_ids.view(np.uint8).reshape(rows, 8)
        parents = span_ids[template.parent]
        if anchor is not None:
            parents[template.parent < 0] = anchor
        values = {
            "trace_id": ids[template.trace],
            "span_id": span_bytes,
            "parent_id": parents.view(np.uint8).reshape(rows, 8),
            "start": start.view(np.uint8).reshape(rows, 8),
            "end": (start + length).view(np.uint8).reshape(rows, 8),
            "event": (start + length // 2).view(np.uint8).reshape(rows, 8),
            "user": _USER[(span_ids[template.trace] % np.uint64(_USERS)).astype(np.int64)],
            "hex": _HEX[span_bytes].reshape(rows, 16),
            "link": ids[template.trace],
            "link_span": span_bytes[template.parent],
        }
        for slot, (positions, spans) in template.at.items():
            body[positions] = values[slot][spans]
