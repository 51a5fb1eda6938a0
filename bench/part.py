"""How a benchmark adds rows to the table of `make bench`: it defines `PART` at the top of its file in this folder.

    PART = Part(
        title="Ask anything",
        rows=(Promise("errors by service, 24 h", "errors_by_service_ms", "ms", must=200, aim=80),),
        stored_days=1,
    )

`bench.run` finds every file with a `PART` and runs it as `python -m bench.NAME ARGUMENTS`. The file prints a JSON
list of `{"name": "errors_by_service_ms", "value": 73.1, "note": "10,000,000 spans, median"}`; names without a row
are listed below the tables. With `stored_days` the arguments begin with those of `bench.stored`, and parts that
ask for the same days share one data set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """One figure of the table."""

    name: str
    key: str
    """Name under which a benchmark reports it."""
    unit: str
    must: float
    aim: float
    peer: str = ""
    more_is_better: bool = False

    def verdict(self, value: float | None) -> str:
        """Return whether a value is within what it should and must be, and by how much it misses."""
        if value is None:
            return "not measured"
        if (value >= self.aim) if self.more_is_better else (value <= self.aim):
            return "aim reached"
        if (value >= self.must) if self.more_is_better else (value <= self.must):
            return "within"
        missed = abs(value / self.must - 1) * 100
        return f"**missed by {missed:.0f} %**"


@dataclass(frozen=True, slots=True)
class Part:
    """The rows that one benchmark fills."""

    title: str
    """Heading of its table; parts with the same title share one table."""
    rows: tuple[Promise, ...]
    stored_days: int = 0
    """Run over the shared stored spans, spread over so many days; 0 without them."""
    arguments: Callable[[float], Sequence[str]] = lambda _: ()
    """More arguments, from the scale: the share of ten million stored spans, 0.05 for `--quick`."""
