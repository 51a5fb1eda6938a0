"""Clew's own log: structlog, for people on a terminal and as JSON lines elsewhere."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog

from clew.config import TelemetryConfig


def configure_logs(config: TelemetryConfig, stream: TextIO | None = None) -> None:
    """Set up structlog, and the standard library's log of our dependencies, once per process.

    Args:
        config: level and format.
        stream: where lines go; standard error by default, since standard output belongs to the command line.
    """
    target = stream if stream is not None else sys.stderr
    level = getattr(logging, config.log_level.upper())
    pretty = config.log_format == "console" or (config.log_format == "auto" and target.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=target.isatty())]
        if pretty
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    formatter_renderer = renderer[-1]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *renderer[:-1],
                formatter_renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.WARNING))
