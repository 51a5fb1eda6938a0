"""What every sub-command prints: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from clew.model.errors import ClewError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


def print_json(data: Any) -> None:
    """Print `data` as one JSON document."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def print_error(error: ClewError, *, as_json: bool) -> None:
    """Print an error on standard error: what is wrong, then the way out."""
    code = getattr(error, "server_code", error.code)
    if as_json:
        sys.stderr.write(json.dumps({"error": {"code": code, "detail": error.detail, "hint": error.hint}}) + "\n")
        return
    sys.stderr.write(f"clew: {error.detail}\n")
    if error.hint:
        sys.stderr.write(f"  -> {error.hint}\n")


def note(text: str) -> None:
    """Print one line for a person on standard error."""
    sys.stderr.write(text + "\n")


def console(*, stderr: bool = False) -> Console:
    """Return a rich console; plain text where the stream is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - rich costs 50 ms, and most answers are JSON or one line

    return Console(stderr=stderr, highlight=False)


def print_table(columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under (heading, right-aligned) columns; tab-separated where standard output is no terminal."""
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join(row) + "\n")
        return
    from rich.table import Table  # noqa: PLC0415 - see console
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading, right in columns:
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)


def progress() -> Progress:
    """Return a progress display on standard error that stays silent where that is no terminal."""
    from rich.progress import (  # noqa: PLC0415 - see console
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[said]}"),
        console=console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


def human_bytes(count: float) -> str:
    """Return a size in the largest unit that keeps it at one or more."""
    for unit in _UNITS:
        if count < _STEP or unit == _UNITS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= _STEP
    raise AssertionError


def human_ns(duration_ns: float) -> str:
    """Return a duration with the unit that fits."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if duration_ns >= size:
            return f"{duration_ns / size:.3g} {unit}"
    return f"{duration_ns:.0f} ns"
