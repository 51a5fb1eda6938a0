"""Clock step: the wall clock of a process as its telemetry sees it; what measures durations goes on as before."""

from __future__ import annotations

import sys
import time

_offset_ns = 0
_real = time.time_ns


def step(offset_s: float) -> None:
    """Set the wall clock that OpenTelemetry reads in this process off by so many seconds."""
    global _offset_ns  # noqa: PLW0603 - a process has one clock
    offset_ns = int(offset_s * 1e9)
    if offset_ns == _offset_ns:
        return
    _offset_ns = offset_ns
    for name, module in list(sys.modules.items()):
        if name.startswith("opentelemetry.") and vars(module).get("time_ns") is _real:
            vars(module)["time_ns"] = _stepped


def _stepped() -> int:
    return _real() + _offset_ns
