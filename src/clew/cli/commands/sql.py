"""`clew sql`: read with SQL, once or at a prompt."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from clew.cli.client import Client
from clew.cli.errors import AnswerError, UsageError
from clew.cli.options import DEFAULT_URL, Json, Token, Url
from clew.cli.output import note, print_error, print_json
from clew.cli.sql import plot, point_at, print_rows, print_views
from clew.model.errors import ClewError

app = typer.Typer(add_completion=False)

_HELP = "end a query with ; or an empty line.  \\d views  \\d NAME columns  \\p plot the last answer  \\q quit"


class Form(StrEnum):
    """What `--format` takes."""

    table = "table"
    json = "json"
    ndjson = "ndjson"
    csv = "csv"
    arrow = "arrow"
    parquet = "parquet"


@app.command()
def sql(  # noqa: PLR0917 - options of the command line are named
    query: Annotated[str, typer.Argument(metavar="[QUERY]", help="One SELECT; - reads it from standard input.")] = "",
    form: Annotated[Form, typer.Option("--format", "-f", help="Form of the rows.")] = Form.table,
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="Start of the range: now-1h, RFC 3339.")] = "",
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="End of the range.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="Most rows; 0: as many as the form takes.")] = 0,
    timeout: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Less time than Clew allows.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of stdout.")] = None,
    draw: Annotated[bool, typer.Option("--plot", help="Draw: first a time or a name, then numbers.")] = False,
    views: Annotated[
        bool, typer.Option("--views", help="List the views; with a name instead of a query, one.")
    ] = False,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Read spans, traces, logs and rates with SQL; without a query, at a prompt."""
    client = Client(url, token)
    if views:
        found = client.get("/sql/views")["data"]
        print_json(found) if as_json else print_views(found, query)
        return
    given = {"from": start, "to": end, "limit": limit, "timeout_s": timeout}
    options = {key: value for key, value in given.items() if value}
    if not query:
        _prompt(client, options)
        return
    text = sys.stdin.read() if query == "-" else query
    try:
        _once(client, {"sql": text, **options}, Form.json if as_json else form, output, draw=draw)
    except AnswerError as error:
        if not as_json:
            point_at(text, error)
        raise


def _once(client: Client, body: dict[str, Any], form: Form, output: Path | None, *, draw: bool) -> None:
    if form in {Form.table, Form.json}:
        if output is not None:
            raise UsageError(f"--output does not go with --format {form}", hint="use --format csv, ndjson or parquet")
        answer = client.post("/sql", body)
        if form is Form.json:
            print_json(answer)
        elif draw:
            print(plot(answer["data"]))
        else:
            print_rows(answer)
        return
    if draw:
        raise UsageError("--plot does not go with --format", hint="leave out one of them")
    parts = client.stream("POST", "/sql", body={**body, "format": str(form)}, accept="*/*")
    if output is None:
        for part in parts:
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
        return
    with output.open("wb") as file:
        file.writelines(parts)


def _prompt(client: Client, options: dict[str, Any]) -> None:
    """Ask for queries until the end of the input; an error does not end it."""
    note(_HELP)
    last: dict[str, Any] = {}
    while (text := _read()) is not None:
        try:
            last = _answer(client, text, options, last)
        except AnswerError as error:
            point_at(text, error)
            print_error(error, as_json=False)
        except ClewError as error:
            print_error(error, as_json=False)


def _answer(client: Client, text: str, options: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    if text.startswith("\\d"):
        print_views(client.get("/sql/views")["data"], text.removeprefix("\\d").strip())
    elif text.startswith("\\p"):
        print(plot(last) if last else "run a query first")
    elif text.startswith("\\"):
        note(_HELP)
    elif text:
        answer = client.post("/sql", {"sql": text, **options})
        print_rows(answer)
        return dict(answer["data"])
    return last


def _read() -> str | None:
    """Return one query or command; `None` at the end."""
    lines: list[str] = []
    while True:
        try:
            line = input("clew> " if not lines else "   -> ")
        except EOFError:
            return "\n".join(lines).strip() or None
        if not lines and line.startswith("\\"):
            return None if line.startswith("\\q") else line.strip()
        lines.append(line)
        if not line.strip() or line.rstrip().endswith(";"):
            return "\n".join(lines).strip().removesuffix(";")
