"""`clew query`: find traces, or series of a metrics query."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from clew.cli.client import Client
from clew.cli.errors import UsageError
from clew.cli.options import DEFAULT_URL, Json, Token, Url
from clew.cli.output import human_ns, note, print_json, print_table
from clew.cli.search import query_text
from clew.cli.series import COLUMNS, gives_series, series_row

app = typer.Typer(add_completion=False)


class KindName(StrEnum):
    """What `--kind` takes; the model's own names would cost every command the import of its schemas."""

    unspecified = "unspecified"
    internal = "internal"
    server = "server"
    client = "client"
    producer = "producer"
    consumer = "consumer"


class StatusName(StrEnum):
    """What `--status` takes."""

    unset = "unset"
    ok = "ok"
    error = "error"


_COLUMNS = (
    ("started (UTC)", False),
    ("duration", True),
    ("spans", True),
    ("errors", True),
    ("root", False),
    ("trace", False),
)
_STEP_COLUMNS = (
    ("step", True),
    ("phase", False),
    ("runs", True),
    ("rows", True),
    ("bytes", True),
    ("ms", True),
)


@app.command()
def query(  # noqa: PLR0917 - options of the command line are named
    text: Annotated[str, typer.Argument(metavar="[QUERY]", help='Like { name = "GET /" && duration > 1s }.')] = "",
    service: Annotated[str, typer.Option("--service", "-s", help="Service of a span.")] = "",
    operation: Annotated[str, typer.Option("--operation", "-o", help="Name of a span.")] = "",
    kind: Annotated[KindName | None, typer.Option(help="Kind of a span.")] = None,
    status: Annotated[StatusName | None, typer.Option(help="Status of a span.")] = None,
    min_duration: Annotated[str, typer.Option(help="Least duration of a span, like 1.5s.")] = "",
    max_duration: Annotated[str, typer.Option(help="Most duration of a span.")] = "",
    attribute: Annotated[
        list[str] | None, typer.Option("--attribute", "-a", metavar="KEY=VALUE", help="Repeatable; also !=, >=, =~.")
    ] = None,
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="now-1h, RFC 3339, or epoch.")] = "now-1h",
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="End of the range.")] = "now",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Most traces.")] = 20,
    cursor: Annotated[str, typer.Option(help="Go on after an earlier page.")] = "",
    saved: Annotated[str, typer.Option(metavar="NAME", help="Ask the query that was saved under this name.")] = "",
    step: Annotated[str, typer.Option(help="Time between the points of a metrics query, like 1m.")] = "",
    explain: Annotated[bool, typer.Option("--explain", help="Show the plan, the SQL and what it read.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Find traces with a span for which all conditions hold, newest first, or the series of a metrics query."""
    flags = query_text(
        service=service,
        operation=operation,
        kind=kind or "",
        status=status or "",
        min_duration=min_duration,
        max_duration=max_duration,
        attributes=attribute or (),
    )
    if text and flags != "{ }":
        raise UsageError("give the query as text or as flags, not both", hint=f"as flags alone it is: {flags}")
    if saved:
        if text or flags != "{ }":
            raise UsageError("give --saved or a query, not both", hint="clew query --saved NAME")
        kept = Client(url, token).get(f"/queries/{quote(saved, safe='')}")["data"]
        text, series = kept["q"], kept["kind"] == "metrics"
    else:
        series = gives_series(text)
    if explain:
        body = {"q": text or flags, "from": start, "to": end, "limit": limit}
        _show_plan(Client(url, token).post("/query/explain", body), as_json=as_json)
        return
    if series:
        asked = {"q": text, "from": start, "to": end, **({"step": step} if step else {})}
        _show_series(Client(url, token).post("/metrics/query", asked), as_json=as_json)
        return
    body = {"q": text or flags, "from": start, "to": end, "limit": limit}
    answer = Client(url, token).post("/search", {**body, **({"cursor": cursor} if cursor else {})})
    if as_json:
        print_json(answer)
        return
    print_table(_COLUMNS, (_row(one) for one in answer["data"]["traces"]))
    _say_what_is_left_out(answer)


def _show_plan(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    for line in answer["data"]["plan"]:
        typer.echo(line)
    steps = answer["data"]["steps"]
    print_table(_STEP_COLUMNS, (_step_row(number, one) for number, one in enumerate(steps, start=1)))
    for number, one in enumerate(steps, start=1):
        typer.echo(f"\n-- {number}. {one['phase']}\n{' '.join(one['sql'].split())}")


def _step_row(number: int, one: dict[str, Any]) -> tuple[str, ...]:
    read = (f"{one['rows']:,}", f"{one['bytes']:,}", f"{one['ms']:.1f}")
    return (str(number), one["phase"], str(one["runs"]), *read)


def _show_series(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    print_table(COLUMNS, (series_row(one) for one in answer["data"]["series"]))
    if cut := answer["meta"]["truncated"]:
        note(f"cut: {cut['reason']}. {cut['hint']}")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    started = datetime.fromtimestamp(int(one["start_ns"]) / 1e9, UTC)
    root = f"{one['root_service']}: {one['root_name']}" if one["root_received"] else "(root not received)"
    return (
        f"{started:%Y-%m-%d %H:%M:%S.%f}"[:-3],
        human_ns(one["duration_ns"]),
        str(one["spans"]),
        str(one["errors"]),
        root,
        one["trace_id"],
    )


def _say_what_is_left_out(answer: dict[str, Any]) -> None:
    meta, rows = answer["meta"], answer["data"]["traces"]
    if total := meta["total"]:
        note(f"{len(rows)} of {'' if total['exact'] else 'at least '}{total['value']:,} traces")
    if cut := meta["truncated"]:
        note(f"cut: {cut['reason']}. {cut['hint']}")
    if cursor := answer["data"]["cursor"]:
        note(f"more: --cursor {cursor}")
