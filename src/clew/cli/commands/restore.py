"""`clew restore`: bring a backup into a data directory that no process uses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from clew.cli.options import ConfigFile, DataDir, Json
from clew.cli.output import print_json

app = typer.Typer(add_completion=False)


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(help="Directory of the backup.")],
    data_dir: DataDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Restore a backup; Clew must not run on the data directory, and it must hold no data yet."""
    from clew.config import load  # noqa: PLC0415 - the engine, for this command only
    from clew.service import restore_backup  # noqa: PLC0415

    settings = load(config, os.environ, {"data_dir": None if data_dir is None else str(data_dir.absolute())})
    restore_backup(settings, path.absolute())
    if as_json:
        print_json({"restored": str(path), "data_dir": str(settings.data_dir)})
    else:
        print(f"restored {path} into {settings.data_dir}")
