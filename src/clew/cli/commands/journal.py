"""`clew journal`: what is set aside, put back in line."""

from __future__ import annotations

import typer

from clew.cli.client import Client
from clew.cli.options import DEFAULT_URL, Json, Token, Url
from clew.cli.output import print_json

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The journal between receiving and storing.")


@app.callback()
def journal() -> None:
    """The journal between receiving and storing."""


@app.command()
def retry(url: Url = DEFAULT_URL, token: Token = "", as_json: Json = False) -> None:
    """Insert quarantined segments again; their spans move from lost to pending."""
    answer = Client(url, token).post("/journal/retry")
    if as_json:
        print_json(answer["data"])
    else:
        print(f"{answer['data']['segments']} segments are back in line")
