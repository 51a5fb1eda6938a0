"""Trace and span id in every log record: for `logging`, and as a processor for structlog."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from opentelemetry import trace

from clew_sdk.log_export import LogExport

_export: LogExport | None = None
_FIELDS = ("trace_id", "span_id", "trace_sampled")


def _current() -> tuple[str, str, bool]:
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return "", "", False
    return f"{context.trace_id:032x}", f"{context.span_id:016x}", context.trace_flags.sampled


def export_logs(export: LogExport | None) -> None:
    """Send records of `logging` and events of structlog from now on; None ends that."""
    global _export  # noqa: PLW0603 - so are loggers
    if _export is not None:
        _export.uninstall()
    _export = export
    if export is not None:
        export.install()


def correlate_logging() -> None:
    """Give every record of `logging` the fields `trace_id`, `span_id` and `trace_sampled`. Safe twice.

    Formatters may name them at once: `%(trace_id)s` is empty outside a trace.
    """
    before = logging.getLogRecordFactory()
    if getattr(before, "clew_correlates", False):
        return

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = before(*args, **kwargs)
        for name, value in zip(_FIELDS, _current(), strict=True):
            if not hasattr(record, name):
                setattr(record, name, value)
        return record

    make.clew_correlates = True  # type: ignore[attr-defined]
    make.clew_before = before  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make)


def uncorrelate_logging() -> None:
    """Take the fields away again. Safe without `correlate_logging`."""
    before = getattr(logging.getLogRecordFactory(), "clew_before", None)
    if before is not None:
        logging.setLogRecordFactory(before)


def structlog_processor(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the fields to an event of structlog, and send it where logs are sent.

    Put it into `structlog.configure(processors=[...])` before what renders. What goes on to
    `logging` is sent from there.
    """
    if _export is not None and not isinstance(logger, logging.Logger):
        _export.take_event(str(event.get("logger", "")), name, event)
    trace_id, span_id, sampled = _current()
    if trace_id:
        event.setdefault("trace_id", trace_id)
        event.setdefault("span_id", span_id)
        event.setdefault("trace_sampled", sampled)
    return event
