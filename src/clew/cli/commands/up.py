"""`clew up`: run everything in one process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from clew.cli.lean import stay_lean
from clew.cli.options import ConfigFile, DataDir

app = typer.Typer(add_completion=False)

_PORT = {"min": 0, "max": 65535, "metavar": "N"}


@app.command()
def up(  # noqa: PLR0917 - options of the command line are named
    data_dir: DataDir = None,
    ui_port: Annotated[int | None, typer.Option(help="Port of the page, the API and metrics (4319).", **_PORT)] = None,
    otlp_grpc_port: Annotated[int | None, typer.Option(help="Port of OTLP over gRPC (4317).", **_PORT)] = None,
    otlp_http_port: Annotated[int | None, typer.Option(help="Port of OTLP over HTTP (4318).", **_PORT)] = None,
    config: ConfigFile = None,
    demo: Annotated[bool, typer.Option("--demo", help="Also run a small application that sends traces.")] = False,
) -> None:
    """Start Clew in this process: receivers, journal, engine, API and page. Ctrl-C or SIGTERM ends it in order."""
    stay_lean()  # before anything below is loaded
    from clew.cli.demo import Demo, check_demo  # noqa: PLC0415 - heavy, and only this command needs it
    from clew.config import Config, load  # noqa: PLC0415
    from clew.service import Source, run  # noqa: PLC0415

    if demo:
        check_demo()
    overrides: dict[str, object] = {
        "data_dir": _absolute(data_dir),
        "listen.ui.port": ui_port,
        "listen.otlp_grpc.port": otlp_grpc_port,
        "listen.otlp_http.port": otlp_http_port,
    }

    def read() -> Config:
        return load(config, os.environ, overrides)

    companion = Demo() if demo else None
    source = Source(config, read) if config is not None else None
    raise typer.Exit(run(read(), companion, source))


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.expanduser().absolute())
