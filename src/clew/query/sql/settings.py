"""What queries of people may use beside the limits of every read."""

from __future__ import annotations

from dataclasses import dataclass, field

from clew.query.errors import InvalidRequestError
from clew.store.engine import Limits


@dataclass(frozen=True, slots=True)
class SqlSettings:
    """Limits of one query."""

    limits: Limits = field(
        default_factory=lambda: Limits(max_result_bytes=1 << 30, max_group_rows=1_000_000, max_temporary_bytes=1 << 30)
    )
    default_range_s: float = 86_400.0
    """How far back a query reads that says nothing about time."""
    max_rows: int = 100_000
    """Most rows of an answer that is made in memory."""

    def timeout(self, asked: float | None) -> float:
        """Return the time that a query gets.

        Raises:
            InvalidRequestError: more was asked for than is allowed.
        """
        most = self.limits.timeout_s
        if asked is None:
            return most
        if asked > most:
            raise InvalidRequestError(
                "timeout_s",
                str(asked),
                f"is above the limit of {most:g}",
                hint="ask for less, or raise query.timeout_s",
            )
        return asked
