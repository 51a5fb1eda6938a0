"""Clew's own logs."""

from __future__ import annotations

from typing import Literal

from clew.config.section import Section


class TelemetryConfig(Section):
    """What Clew says about itself."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is written."""
    log_format: Literal["auto", "console", "json"] = "auto"
    """`json` is one object a line; `auto` is `console` on a terminal and `json` otherwise."""
