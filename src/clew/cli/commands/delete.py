"""`clew delete`: remove a trace for good."""

from __future__ import annotations

from typing import Annotated

import typer

from clew.cli.client import Client
from clew.cli.commands.export import trace_id
from clew.cli.options import DEFAULT_URL, Json, Token, Url
from clew.cli.output import print_json

app = typer.Typer(add_completion=False)


@app.command()
def delete(
    trace: Annotated[str, typer.Option("--trace", metavar="ID", help="Trace id, 1 to 32 hex digits.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Delete every span and log record of a trace; what is still in the journal is not found yet and stays."""
    wanted = trace_id(trace)
    if not yes:
        typer.confirm(f"Delete trace {wanted} for good?", abort=True)
    answer = Client(url, token, timeout_s=600).request("DELETE", f"/traces/{wanted}")
    if as_json:
        print_json(answer["data"])
    else:
        print(f"deleted trace {wanted}")
