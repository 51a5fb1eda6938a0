"""Journal groups from generated traces, as the receivers would make them."""

from __future__ import annotations

from collections.abc import Mapping

from clew.codec import Compression, Encoding, Request, SpanBuilder
from clew.journal.protocol import Group
from clew.testing.traces import TraceSource

RETENTION_S = 30 * 86_400
START_NS = 1_790_000_000 * 10**9


class GroupSource:
    """Makes groups that follow from a seed: the same seed, the same spans."""

    def __init__(self, seed: int = 1, *, spans: int = 64, now_ns: int = START_NS, tenant: str = "default") -> None:
        self._traces = TraceSource(seed, spans=spans, templates=4)
        self._builder = SpanBuilder(retention_s=RETENTION_S)
        self._now_ns = now_ns
        self._tenant = tenant
        self._number = 0

    def group(self, requests: int = 1, *, rejected: Mapping[str, int] | None = None, days_back: int = 0) -> Group:
        """Return the next requests as one group; none of them repeats a span of an earlier one."""
        arrived = self._now_ns + self._number * 10**6
        bodies = []
        for _ in range(requests):
            self._number += 1
            bodies.append(self._traces.request(self._number, arrived - days_back * 86_400 * 10**9).body)
        self._builder.push(
            [Request(self._tenant, body, Encoding.PROTOBUF, Compression.NONE, arrived) for body in bodies]
        )
        batches = self._builder.finish()
        return Group(
            spans=batches.rows,
            resources=batches.resources,
            scopes=batches.scopes,
            rejected_spans=dict(rejected or {}),
        )
