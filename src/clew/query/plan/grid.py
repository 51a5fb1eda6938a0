"""The points of time of a metrics query: right-closed buckets whose ends are multiples of the step."""

from __future__ import annotations

from dataclasses import dataclass

from clew.query.answer import Window
from clew.query.errors import InvalidRequestError
from clew.query.literals import INT64_MAX
from clew.query.plan.series import MetricsAsk
from clew.query.steps import MAX_STEPS, MS, S

POINTS = 240
"""How many points a range gets that names no step."""
ROUNDINGS_NS = tuple(seconds * S for seconds in (3600, 300, 60, 15, 5, 1))
FINE_NS = 50 * MS
"""What steps of ranges below a minute are multiples of."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Bucket `i` holds starts in (after_ns + i * step_ns, after_ns + (i + 1) * step_ns]."""

    after_ns: int
    step_ns: int
    count: int

    @property
    def window(self) -> Window:
        """The starts that count, both ends included."""
        return Window(max(self.after_ns + 1, 0), min(self.after_ns + self.count * self.step_ns, INT64_MAX))

    @property
    def times_ms(self) -> list[int]:
        """The ends of the buckets."""
        return [(self.after_ns + (i + 1) * self.step_ns) // MS for i in range(self.count)]

    @property
    def seconds(self) -> float:
        """Width of a bucket."""
        return self.step_ns / S

    def aligned(self, ns: int) -> bool:
        """Return whether every edge is a multiple of `ns`."""
        return self.step_ns % ns == 0 and self.after_ns % ns == 0

    def index(self, ns: str) -> str:
        """Return the SQL of the bucket that a start in nanoseconds belongs to."""
        return "toInt64(0)" if self.count == 1 else f"intDiv({ns} - {self.after_ns + 1}, {self.step_ns})"


def grid(ask: MetricsAsk) -> Grid:
    """Return the buckets of a query: the range widened to whole steps and by one step in front.

    An instant query has one bucket, the range without its first nanosecond, so that ranges side by side share no span.

    Raises:
        InvalidRequestError: the step is not positive or gives too many points, or the range is empty.
    """
    low, high, step = ask.window.from_ns, ask.window.to_ns, ask.step_ns
    if ask.instant:
        if high <= low:
            raise InvalidRequestError("to", str(high), "is not after from", hint="swap from and to")
        return Grid(low, high - low, 1)
    if step < MS:
        raise InvalidRequestError("step", f"{step} ns", "is below a millisecond", hint="give a step such as 15s")
    first, last = low // step, -(-high // step)
    if last - first + 1 > MAX_STEPS:
        hint = f"use a step with which the range has at most {MAX_STEPS} points"
        raise InvalidRequestError("step", f"{step} ns", "gives too many points", hint=hint)
    return Grid((first - 1) * step, step, last - first + 1)


def default_step(window: Window) -> int:
    """Return the step in nanoseconds of a query that names none: about 240 points, rounded down to a round one."""
    wanted = (window.to_ns - window.from_ns) // POINTS
    if window.to_ns - window.from_ns < ROUNDINGS_NS[2]:
        return max(wanted // FINE_NS * FINE_NS, FINE_NS)
    unit = next((one for one in ROUNDINGS_NS if wanted >= one), S)
    return max(wanted // unit * unit, S)
