"""OpenTelemetry for Python applications: an exporter that never hurts, samplers, and context that survives.

`clew_sdk.start("checkout")` sets up tracing and instruments what the application has; everything works against any
OTLP backend. The rooms: `export` (from ended spans to acknowledged bytes), `sampling`, `context` (headers in and out),
`facts` (deployment, cold start, process), `instrument` (libraries and the command line).
"""

from clew_sdk.logs import correlate_logging, structlog_processor
from clew_sdk.starting import Running, start

__all__ = ["Running", "correlate_logging", "start", "structlog_processor"]
