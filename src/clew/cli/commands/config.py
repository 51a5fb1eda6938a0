"""`clew config`: check, show and describe the configuration."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from clew.cli.options import ConfigFile, DataDir, Json
from clew.cli.output import print_json

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check, show and describe the configuration.")


@app.callback()
def config() -> None:
    """Check, show and describe the configuration."""


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="The same as --config.")] = None,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Read the file and the environment as `clew up` would, and say what is wrong. Ends with 2 when something is."""
    from clew.config import load  # noqa: PLC0415 - pydantic, for this command only

    load(file or config, os.environ)
    if as_json:
        print_json({"valid": True})
    else:
        print("the configuration is valid")


@app.command()
def show(config: ConfigFile = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Print the configuration in effect, defaults and environment included, secrets left out."""
    from clew.config import load  # noqa: PLC0415

    settings = load(config, os.environ, {"data_dir": None if data_dir is None else str(data_dir)})
    data = settings.model_dump(mode="json")
    if as_json:
        print_json(data)
        return
    import yaml  # noqa: PLC0415

    print(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), end="")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration file, for editors."""
    from clew.config.schema import json_schema  # noqa: PLC0415

    print_json(json_schema())
