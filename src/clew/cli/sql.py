"""SQL on the command line: rows as a table or a plot, the views, and where a query is wrong."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from clew.cli.errors import AnswerError, UsageError
from clew.cli.output import note, print_table

_NUMBERS = ("UInt", "Int", "Float", "Decimal", "Bool")
_TIMES = ("DateTime", "Date")
_MOST_BARS = 40
_HEIGHT = 20
_SCALES = ((86_400, "days"), (3600, "hours"), (60, "minutes"))
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def print_rows(answer: dict[str, Any]) -> None:
    """Print rows under their columns, and on standard error what was cut and read."""
    data, meta = answer["data"], answer["meta"]
    columns = [(one["name"], _is(one["type"], _NUMBERS)) for one in data["columns"]]
    print_table(columns, ([cell(value) for value in row] for row in data["rows"]))
    read = f"{meta['scanned']['rows']:,} rows read in {meta['scanned']['ms']:.0f} ms"
    cut = meta["truncated"]
    note(f"{meta['returned']:,} rows; {read}" + (f"; cut: {cut['hint']}" if cut else ""))
    if window := meta["window"]:
        note(f"range: {_moment(window['from_ns'])} to {_moment(window['to_ns'])} UTC (--from, --to)")


def cell(value: Any) -> str:
    """Return a value as text on one line."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value).replace("\n", "\\n")


def print_views(views: Sequence[dict[str, Any]], name: str = "") -> None:
    """Print the views, or the columns of one."""
    if not name:
        print_table(
            (("view", False), ("time", False), ("what", False)), ([v["name"], v["time"], v["about"]] for v in views)
        )
        return
    view = next((one for one in views if one["name"] == name), None)
    if view is None:
        raise UsageError(f"there is no view {name}", hint=f"the views are {', '.join(one['name'] for one in views)}")
    columns = (("column", False), ("type", False), ("what", False))
    print_table(columns, ([one["name"], one["type"], one["about"]] for one in view["columns"]))


def point_at(text: str, error: AnswerError) -> None:
    """Print the line of a query that is wrong, with a mark below the place."""
    place = next((one for one in error.errors if "from" in one and one["to"] > one["from"]), None)
    if place is None or place["to"] - place["from"] >= len(text):
        return
    start = text.rfind("\n", 0, place["from"]) + 1
    end = text.find("\n", start)
    line = text[start : len(text) if end < 0 else end]
    width = max(min(place["to"], start + len(line)) - place["from"], 1)
    note(line)
    note(" " * (place["from"] - start) + "^" * width)


def plot(data: dict[str, Any]) -> str:
    """Return a plot: lines over a first column of times or numbers, bars over one of names.

    Raises:
        UsageError: there is nothing to draw.
    """
    columns, rows = data["columns"], data["rows"]
    series = [index for index, one in enumerate(columns) if index and _is(one["type"], _NUMBERS)]
    if not rows or not series:
        raise UsageError("there is nothing to draw", hint="select a time or a name first, then numbers")
    values = {columns[index]["name"]: [_number(row[index]) for row in rows] for index in series}
    first = [row[0] for row in rows]
    if _is(columns[0]["type"], _TIMES):
        seconds = [datetime.fromisoformat(str(one)[:19].rstrip("Z")).timestamp() for one in first]
        size, unit = next((scale for scale in _SCALES if seconds[-1] - seconds[0] >= 2 * scale[0]), (1, "s"))
        return _lines([(one - seconds[0]) / size for one in seconds], values, f"{unit} since {str(first[0])[:19]}")
    if _is(columns[0]["type"], _NUMBERS):
        return _lines([_number(one) for one in first], values, columns[0]["name"])
    name, bars = next(iter(values.items()))
    return _bars(name, [cell(one) for one in first], bars)


def _lines(xs: Sequence[float], series: dict[str, list[float]], title: str) -> str:
    import plotext  # type: ignore[import-untyped]  # noqa: PLC0415 - half a second that a table need not pay

    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(shutil.get_terminal_size((100, 40)).columns, _HEIGHT)
    for name, values in series.items():
        signal = figure.signal(list(xs), values)
        signal.lines()
        signal.label(name)
        figure.draw(signal)
    figure.title(f"{', '.join(series)} over {title}")
    return _COLOUR.sub("", str(figure.build()))


def _bars(name: str, labels: Sequence[str], values: Sequence[float]) -> str:
    """Return a bar per name, the longest as wide as the terminal; eighths of a cell are drawn."""
    width = max(len(label) for label in labels[:_MOST_BARS])
    room = max(shutil.get_terminal_size((100, 40)).columns - width - 14, 10)
    most = max((value for value in values if value > 0), default=0.0)
    lines = [f"{'':>{width}}  {name}"]
    for label, value in list(zip(labels, values, strict=True))[:_MOST_BARS]:
        eighths = round(max(value, 0) / most * room * 8) if most else 0
        bar = "█" * (eighths // 8) + ("", *"▏▎▍▌▋▊▉")[eighths % 8]
        lines.append(f"{label:>{width}}  {bar} {value:.6g}")
    if len(values) > _MOST_BARS:
        lines.append(f"{'':>{width}}  {len(values) - _MOST_BARS:,} more")
    return "\n".join(lines)


def _is(kind: str, names: Sequence[str]) -> bool:
    plain = kind.removeprefix("LowCardinality(").removeprefix("Nullable(")
    return plain.startswith(tuple(names))


def _number(value: Any) -> float:
    return float(value or 0)


def _moment(ns: str) -> str:
    return f"{datetime.fromtimestamp(int(ns) / 1e9, UTC):%Y-%m-%d %H:%M:%S}"
