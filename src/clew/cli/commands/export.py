"""`clew export`: whole traces as OTLP, without loss."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from clew.cli.client import Client
from clew.cli.errors import UsageError
from clew.cli.options import DEFAULT_URL, Token, Url
from clew.cli.output import progress
from clew.cli.search import found_traces

app = typer.Typer(add_completion=False)

_FORMATS = ("otlp-json", "otlp-proto")
_TRACE_ID = re.compile(r"[0-9a-fA-F]{1,32}")


@app.command()
def export(  # noqa: PLR0917 - options of the command line are named
    trace: Annotated[str, typer.Option("--trace", metavar="ID", help="Trace id, 1 to 32 hex digits.")] = "",
    query: Annotated[str, typer.Option("--query", "-q", metavar="TEXT", help="Every trace found, one per line.")] = "",
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="With --query: start of the range.")] = "now-1h",
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="With --query: end of the range.")] = "now",
    limit: Annotated[int, typer.Option(min=1, help="With --query: most traces.")] = 1000,
    form: Annotated[str, typer.Option("--format", help="otlp-json or otlp-proto.")] = "otlp-json",
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of stdout.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
) -> None:
    """Print one trace as one OTLP object with `resourceSpans`; or many, one JSON object per line."""
    if bool(trace) == bool(query):
        raise UsageError("name one trace with --trace, or many with --query", hint="clew export --trace ID")
    if form not in _FORMATS:
        raise UsageError(f"--format {form} is unknown", hint=f"use one of {', '.join(_FORMATS)}")
    if query and form != "otlp-json":
        raise UsageError("many traces are written as JSON lines only", hint="leave out --format")
    client = Client(url, token)
    if trace:
        ids = [trace_id(trace)]
    else:
        body = {"q": query, "from": start, "to": end}
        ids = [row["trace_id"] for row in found_traces(client, body, limit)]
    if output is None:
        _write(client, ids, form, sys.stdout.buffer)
    else:
        with output.open("wb") as file:
            _write(client, ids, form, file)


def trace_id(text: str) -> str:
    """Return a trace id that the API takes.

    Raises:
        UsageError: it is none.
    """
    if not _TRACE_ID.fullmatch(text):
        raise UsageError(f"{text} is no trace id", hint="a trace id has 1 to 32 hex digits")
    return text.lower().rjust(32, "0")


def _write(client: Client, ids: list[str], form: str, file: BinaryIO) -> None:
    with progress() as bar:
        task = bar.add_task("traces", total=len(ids), said="")
        for one in ids:
            accept = "application/json" if form == "otlp-json" else "application/x-protobuf"
            file.writelines(client.stream("GET", f"/traces/{one}/export", params={"format": form}, accept=accept))
            if form == "otlp-json":
                file.write(b"\n")
            bar.advance(task)
    file.flush()
