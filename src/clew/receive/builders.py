"""The decoders that one codec thread fills: one for spans, one for logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clew.codec import Batches, Pushed, Request


class Builder(Protocol):
    """What `SpanBuilder` and `LogBuilder` of the codec have in common."""

    @property
    def rows(self) -> int:
        """Rows in the open batch."""

    @property
    def bytes(self) -> int:
        """Bytes of the columns of the open batch."""

    def push(self, requests: Sequence[Request]) -> list[Pushed]:
        """Decode requests into the open batch."""

    def finish(self) -> Batches:
        """Close the open batch and return it."""


@dataclass(frozen=True, slots=True)
class Builders:
    """A builder for each signal."""

    spans: Builder
    logs: Builder
