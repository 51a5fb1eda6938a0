"""How long to wait before the same call is made again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Doubling waits between `first_s` and `most_s`, each drawn from its upper half so that callers spread out."""

    first_s: float = 0.1
    most_s: float = 10.0
    draw: Callable[[], float] = random.random
    """Returns a number in [0, 1)."""
    _next_s: float = field(default=0.0, init=False)

    def reset(self) -> None:
        """Begin again, after a success."""
        self._next_s = 0.0

    def wait_s(self) -> float:
        """Return the next wait in seconds."""
        self._next_s = min(self.most_s, self._next_s * 2 or self.first_s)
        return self._next_s * (0.5 + self.draw() / 2)
