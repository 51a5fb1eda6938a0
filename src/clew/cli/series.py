"""Series on the command line: which queries give them, and a line for each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from clew.cli.output import human_ns

COLUMNS = (("series", False), ("last", True), ("least", True), ("most", True), ("over time", False))
_FUNCTION = re.compile(r"\|\s*(rate|compare|(count|min|max|avg|sum|quantile|histogram|count_distinct)_over_time)\s*\(")
_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 60


def gives_series(text: str) -> bool:
    """Return whether a query looks like one for series; the server parses it in any case."""
    return _FUNCTION.search(text) is not None


def series_row(one: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of one series under `COLUMNS`."""
    values = one["values"]
    there = [value for value in values if value is not None]
    numbers = [f"{value:.4g}" for value in (there[-1], min(there), max(there))] if there else ["-"] * 3
    return (", ".join(_label(item) for item in one["labels"]), *numbers, spark(values))


def spark(values: Sequence[float | None]) -> str:
    """Return values as a line of bars at most 60 wide; absent ones are blank."""
    size = -(-len(values) // _WIDTH) or 1
    parts = [[value for value in values[at : at + size] if value is not None] for at in range(0, len(values), size)]
    peaks = [max(part) if part else None for part in parts]
    low, high = (
        min((p for p in peaks if p is not None), default=0.0),
        max((p for p in peaks if p is not None), default=0.0),
    )
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(" " if peak is None else _BARS[int((peak - low) * scale)] for peak in peaks)


def _label(item: dict[str, Any]) -> str:
    value = human_ns(float(item["value"])) if item["type"] == "duration" else item["value"]
    return f"{item['key']}={value}"
