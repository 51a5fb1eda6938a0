"""Options that several sub-commands share, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Url = Annotated[str, typer.Option("--url", envvar="CLEW_URL", help="Address of Clew's main port.", metavar="URL")]
Token = Annotated[str, typer.Option("--token", envvar="CLEW_TOKEN", help="Bearer token.", metavar="TOKEN")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", envvar="CLEW_CONFIG", help="Configuration file (YAML).", metavar="FILE")
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Directory of the journal and the embedded engine.", metavar="DIR")
]

DEFAULT_URL = "http://127.0.0.1:4319"
DEFAULT_OTLP = "http://127.0.0.1:4318"
