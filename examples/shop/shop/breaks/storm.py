"""Retry storm: a limiter that protects payments, and a caller that takes a refusal as a reason to ask at once."""

from __future__ import annotations

import threading
import time

TRIES = 6
"""How often checkout asks, without a wait."""
COOLS_S = 5.0


class Limiter:
    """Lets one call through, then none until nobody has asked for a while: whoever asks too early prolongs the wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def refuses(self) -> bool:
        """Return whether this call is one too many."""
        with self._lock:
            now = time.monotonic()
            refused = now < self._until
            self._until = now + COOLS_S
            return refused
