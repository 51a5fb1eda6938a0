"""`clew import`: send files of OTLP to Clew."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.errors import UnreachableError, UsageError
from clew.cli.exits import Exit
from clew.cli.files import JSON, PROTOBUF, Chunk, read_chunks
from clew.cli.options import DEFAULT_OTLP, Json, Token
from clew.cli.output import note, print_json, progress

if TYPE_CHECKING:
    from clew.testing.send import HttpSender

app = typer.Typer(add_completion=False)

_FORMATS = ("auto", "otlp-json", "otlp-proto", "otlp-proto-framed")


@app.command(name="import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files of OTLP traces; - is standard input.")],
    form: Annotated[
        str, typer.Option("--format", help=f"{', '.join(_FORMATS)}; framed is 4 bytes of length before each message.")
    ] = "auto",
    endpoint: Annotated[str, typer.Option(metavar="URL", help="OTLP/HTTP endpoint.")] = DEFAULT_OTLP,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Send OTLP JSON (one object, or one per line) or OTLP protobuf; what is acknowledged is durable."""
    if form not in _FORMATS:
        raise UsageError(f"--format {form} is unknown", hint=f"use one of {', '.join(_FORMATS)}")
    counts = asyncio.run(_send(files, form, endpoint, token))
    if as_json:
        print_json(counts)
    else:
        print(f"{counts['requests']} requests acknowledged, {counts['rejected']} spans rejected")
    if counts["failed"]:
        raise typer.Exit(Exit.FAILED)


async def _send(files: list[Path], form: str, endpoint: str, token: str) -> dict[str, int]:
    from clew.testing.send import HttpSender  # noqa: PLC0415 - protobuf, for this command only

    senders = {kind: HttpSender(endpoint, token=token, content_type=kind) for kind in (JSON, PROTOBUF)}
    counts = {"requests": 0, "rejected": 0, "failed": 0}
    with progress() as bar:
        for path in files:
            task = bar.add_task(path.name, total=None, said="")
            for chunk in read_chunks(path, form):
                await _deliver(senders[chunk.content_type], chunk, counts, endpoint)
                bar.update(task, advance=1, said=f"{counts['failed']} failed" if counts["failed"] else "")
    for sender in senders.values():
        await sender.close()
    return counts


async def _deliver(sender: HttpSender, chunk: Chunk, counts: dict[str, int], endpoint: str) -> None:
    """Send one request until it is acknowledged or refused for good."""
    while True:
        try:
            answer = await sender.send(chunk.body)
        except OSError as error:
            raise UnreachableError(endpoint, str(error)) from None
        if answer.retry_after_s is None:
            break
        await asyncio.sleep(answer.retry_after_s)
    counts["requests"] += answer.ok
    counts["failed"] += not answer.ok
    counts["rejected"] += answer.rejected
    if answer.message:
        note(f"{chunk.place}: {answer.message}")
