"""`clew backup`: copy the store while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clew.cli.client import Client
from clew.cli.options import DEFAULT_URL, Json, Token, Url
from clew.cli.output import print_json

app = typer.Typer(add_completion=False)


@app.command()
def backup(
    path: Annotated[Path, typer.Argument(help="A directory that does not exist yet, as the Clew process sees it.")],
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Write a backup of everything that is stored; spans still in the journal are not in it."""
    answer = Client(url, token, timeout_s=24 * 3600).post("/admin/backup", {"path": str(path.absolute())})
    if as_json:
        print_json(answer["data"])
    else:
        print(f"the backup is in {answer['data']['path']}")
