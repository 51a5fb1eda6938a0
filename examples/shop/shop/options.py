"""What `python -m shop up` is told."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

_UNITS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Options:
    """One run of the shop."""

    otlp: str
    run: Path
    port: int = 8080
    """Of the gateway; 0 is any free one."""
    control: int = 8079
    database: str = ""
    """URL of SQLAlchemy; empty is a file in the run directory."""
    kafka: str = ""
    only: frozenset[str] = frozenset({"py", "node", "go", "java"})
    load: bool = True
    rate: float = 2.0
    """Journeys of people that begin per second at noon."""
    day_s: float = 1200.0


def parse(arguments: list[str] | None = None) -> Options:
    """Return the options of a command line; ends the process where it cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="python -m shop", description="A shop of small services that breaks on purpose."
    )
    up = parser.add_subparsers(required=True, metavar="up").add_parser("up", help="start everything, end with Ctrl-C")
    up.add_argument("--otlp", default="http://127.0.0.1:4318", help="where telemetry goes (OTLP over HTTP)")
    up.add_argument("--run", type=Path, default=Path(".shop"), help="directory for data, logs and what is true")
    up.add_argument("--port", type=int, default=8080, help="of the page; 0 is any free one")
    up.add_argument("--control", type=int, default=8079, help="port of the switches; 0 is any free one")
    up.add_argument("--database", default="", help="postgresql+psycopg://...; a file in the run directory otherwise")
    up.add_argument("--kafka", default="", metavar="HOST:PORT", help="broker of the queue; a file otherwise")
    up.add_argument("--only", default="py,node,go,java", help="which languages to start")
    up.add_argument("--load", choices=["people", "none"], default="people", help="who shops")
    up.add_argument("--rate", type=float, default=2.0, help="journeys per second at noon")
    up.add_argument("--day", type=_seconds, default=1200.0, help="length of a day, such as 20m")
    told = parser.parse_args(arguments)
    return Options(
        told.otlp.rstrip("/"),
        told.run,
        told.port,
        told.control,
        told.database,
        told.kafka,
        frozenset(told.only.split(",")),
        told.load == "people",
        told.rate,
        told.day,
    )


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not found:
        raise argparse.ArgumentTypeError("write a number and s, m or h, such as 20m")
    return float(found[1]) * _UNITS[found[2]]
