"""Switch on the instrumentations that are installed and fit, each once."""

from __future__ import annotations

import logging
from importlib.metadata import entry_points

from clew_sdk.instrument.libraries import State, disabled_names, libraries, plain_name

_log = logging.getLogger("clew_sdk")


def enable() -> list[str]:
    """Instrument every library that is traced; returns the names. One that fails is logged and left out."""
    skipped = {one.short for one in libraries() if one.state in {State.COVERED, State.UNFIT}} | disabled_names()
    done: list[str] = []
    for point in entry_points(group="opentelemetry_instrumentor"):
        if "*" in skipped or plain_name(point.name) in skipped or point.name in done:
            continue
        try:
            instrumentor = point.load()()
            if not getattr(instrumentor, "is_instrumented_by_opentelemetry", False):
                instrumentor.instrument()
            done.append(point.name)
        except Exception as error:  # noqa: BLE001 - a library's instrumentation must not end the application
            _log.debug("instrumentation %s was left out: %s", point.name, error)
    return done
