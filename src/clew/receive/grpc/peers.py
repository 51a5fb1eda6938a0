"""How large a peer's next message may be: gRPC does not say before it has been read."""

from __future__ import annotations

from collections import OrderedDict

_PEERS = 4096
_LEAST = 64 << 10
_MARGIN = 2


class PeerSizes:
    """Remembers the largest message of each connection; the least recently used is forgotten first."""

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._largest: OrderedDict[str, int] = OrderedDict()

    def expected(self, peer: str) -> int | None:
        """Return what to charge before the peer's next message is read, `None` for a peer never seen."""
        largest = self._largest.get(peer)
        if largest is None:
            return None
        self._largest.move_to_end(peer)
        return min(self._max, max(_LEAST, _MARGIN * largest))

    def seen(self, peer: str, size: int) -> None:
        """Remember the size of a message."""
        self._largest[peer] = max(size, self._largest.get(peer, 0))
        if len(self._largest) > _PEERS:
            self._largest.popitem(last=False)
