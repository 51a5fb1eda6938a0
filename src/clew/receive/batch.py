"""The open group: requests decoded so far, and what each of them will be answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clew.codec import BatchFullError, Compression, Pushed, Request
from clew.journal.protocol import Group
from clew.receive.builders import Builder, Builders
from clew.receive.success import Signal

Answer = Callable[[Pushed | None, Exception | None], None]
"""Called once with what was kept of a request, or with why nothing was."""

_PUSH_BYTES = 256 << 20
"""Most that one push may decode to, in the worst case: memory is looked at in between."""
_MAX_DEFLATE = 1032
"""Deflate cannot expand further."""
_MAX_ZSTD = 1 << 20
"""zstd can, almost without bound; the decoded limit is what bounds it."""


@dataclass(frozen=True, slots=True)
class Item:
    """A request in the queue."""

    signal: Signal
    request: Request
    answer: Answer
    queued: float
    """When it was complete, by the monotonic clock."""


Outcome = tuple[Item, Pushed | None, Exception | None]


class OpenBatch:
    """One group in the making, on the codec thread."""

    def __init__(self, builders: Builders, opened: float, *, decoded_max_bytes: int) -> None:
        self.opened = opened
        self.overflow: list[Item] = []
        """Requests for which the open batch has no room; they go into the next one."""
        self._waiting: dict[int, Item] = {}
        self._builders = builders
        self._decoded_max = decoded_max_bytes
        self._kept: dict[Signal, list[tuple[Item, Pushed]]] = {"traces": [], "logs": []}

    @property
    def rows(self) -> int:
        """Rows of both signals."""
        return self._builders.spans.rows + self._builders.logs.rows

    @property
    def bytes(self) -> int:
        """Bytes of the columns of both signals."""
        return self._builders.spans.bytes + self._builders.logs.bytes

    def push(self, items: list[Item]) -> list[Outcome]:
        """Decode requests; returns the outcomes of those of which nothing is kept, to be answered at once."""
        self._waiting.update((id(item), item) for item in items)
        refused: list[Outcome] = []
        for signal, builder in self._by_signal():
            of_signal = [item for item in items if item.signal == signal]
            for part in self._parts(of_signal):
                refused += self._push(signal, builder, part)
        for item, _, _ in refused:
            del self._waiting[id(item)]
        return refused

    def finish(self) -> list[tuple[Group | None, list[tuple[Item, Pushed]]]]:
        """Close the batch: one group for each signal that has anything, with the answers that wait for it."""
        groups: list[tuple[Group | None, list[tuple[Item, Pushed]]]] = []
        for signal, kept in self._kept.items():
            if kept:
                groups.append((self._group(signal, kept), kept))
        return groups

    def failed(self, error: Exception) -> list[Outcome]:
        """Return the outcome `error` for every request that has not been answered."""
        return [(item, None, error) for item in self._waiting.values()]

    def _by_signal(self) -> tuple[tuple[Signal, Builder], ...]:
        return ("traces", self._builders.spans), ("logs", self._builders.logs)

    def _push(self, signal: Signal, builder: Builder, items: list[Item]) -> list[Outcome]:
        refused: list[Outcome] = []
        pushed = builder.push([item.request for item in items])
        for item, result in zip(items, pushed, strict=True):
            if isinstance(result.error, BatchFullError) and builder.rows:
                self.overflow.append(item)
                del self._waiting[id(item)]
            elif result.error is not None:
                refused.append((item, None, result.error))
            else:
                self._kept[signal].append((item, result))
        return refused

    def _group(self, signal: Signal, kept: list[tuple[Item, Pushed]]) -> Group | None:
        builder = self._builders.spans if signal == "traces" else self._builders.logs
        rejected: Counter[str] = Counter()
        for _, pushed in kept:
            rejected.update(pushed.reasons)
        if not builder.rows and not rejected:
            return None
        batches = builder.finish() if builder.rows else None
        rows = batches.rows if batches else None
        return Group(
            spans=rows if signal == "traces" else None,
            logs=rows if signal == "logs" else None,
            resources=batches.resources if batches else None,
            scopes=batches.scopes if batches else None,
            rejected_spans=rejected if signal == "traces" else {},
            rejected_logs=rejected if signal == "logs" else {},
        )

    def _parts(self, items: list[Item]) -> Iterator[list[Item]]:
        """Cut requests into pushes whose worst case stays bounded."""
        part: list[Item] = []
        size = 0
        for item in items:
            worst = self._worst(item.request)
            if part and size + worst > _PUSH_BYTES:
                yield part
                part, size = [], 0
            part.append(item)
            size += worst
        if part:
            yield part

    def _worst(self, request: Request) -> int:
        sent = len(request.body)
        if request.compression is Compression.NONE:
            return sent
        factor = _MAX_ZSTD if request.compression is Compression.ZSTD else _MAX_DEFLATE
        return min(self._decoded_max, sent * factor)
