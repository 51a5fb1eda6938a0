"""`clew migrate`: bring the tables up to this version."""

from __future__ import annotations

import os

import typer

from clew.cli.options import ConfigFile, DataDir, Json
from clew.cli.output import print_json

app = typer.Typer(add_completion=False)


@app.command()
def migrate(data_dir: DataDir = None, config: ConfigFile = None, as_json: Json = False) -> None:
    """Create or change the tables as this version needs them; `clew up` does the same when it starts."""
    from clew.config import load  # noqa: PLC0415 - the engine, for this command only
    from clew.service import migrate_store  # noqa: PLC0415

    settings = load(config, os.environ, {"data_dir": None if data_dir is None else str(data_dir.absolute())})
    applied = migrate_store(settings)
    if as_json:
        print_json({"applied": applied})
    else:
        print("\n".join(f"applied {name}" for name in applied) if applied else "nothing to do")
