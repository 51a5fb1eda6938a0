"""Clew's own metrics and logs.

Rooms get the one `Metrics` object and count on it; `/metrics` renders it. `configure_logs` sets structlog up once.
"""

from clew.telemetry.logs import configure_logs
from clew.telemetry.metrics import Metrics

__all__ = ["Metrics", "configure_logs"]
