"""Log records over OTLP: what `logging` hands to its handlers, and events of structlog that go past it.

Records are taken where `logging` calls handlers, not by a handler of our own: a handler on the root logger would switch
off `logging.basicConfig`, and `dictConfig` would switch off the handler.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Mapping
from typing import Any

from opentelemetry import trace

from clew_sdk.export.encode_logs import Record
from clew_sdk.export.queue import ExportQueue

OWN = "clew_sdk"
"""What the SDK says of itself is not sent: it would speak of its own sending."""
MAX_DEPTH = 8
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "asctime",
    "message",
    "taskName",
    "trace_id",
    "span_id",
    "trace_sampled",
}
_SEVERITIES = ((50, 21), (40, 17), (30, 13), (20, 9), (10, 5))
"""Least number of a level of `logging`, and OTLP's number."""
_METHODS = {
    "debug": 10,
    "info": 20,
    "warning": 30,
    "warn": 30,
    "error": 40,
    "exception": 40,
    "critical": 50,
    "fatal": 50,
}


class LogExport:
    """Puts records into a queue, from the least level that is wanted."""

    def __init__(self, queue: ExportQueue[Record], *, level: int = logging.INFO) -> None:
        self.queue = queue
        self._level = level
        self._before = logging.Logger.callHandlers

    def install(self) -> None:
        """Take every record that handlers are called for."""
        before, take = self._before, self.take

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            take(record)
            before(logger, record)

        # That is the only place that all records come by.
        logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign, assignment]

    def uninstall(self) -> None:
        """Leave `logging` as it was found. Safe without `install`."""
        logging.Logger.callHandlers = self._before  # type: ignore[method-assign]

    def take(self, record: logging.LogRecord) -> None:
        """Queue a record of `logging`."""
        if record.levelno < self._level or record.name.partition(".")[0] == OWN:
            return
        attributes = {key: plain(value) for key, value in record.__dict__.items() if _own_field(key)}
        body = _body(record)
        if isinstance(body, Mapping):  # structlog's ProcessorFormatter hands on its event as it is
            attributes |= {str(key): plain(value) for key, value in body.items() if key not in {"event", *_STANDARD}}
            body = body["event"]
        attributes["code.file.path"] = record.pathname
        attributes["code.line.number"] = record.lineno
        attributes["code.function.name"] = record.funcName
        attributes["thread.name"] = record.threadName
        attributes |= _exception(record.exc_info)
        self._keep(int(record.created * 1e9), record.levelno, record.levelname, plain(body), record.name, attributes)

    def take_event(self, logger: str, method: str, event: Mapping[str, Any]) -> None:
        """Queue an event of structlog."""
        level = _METHODS.get(method, logging.INFO)
        if level < self._level:
            return
        attributes = {
            key: plain(value)
            for key, value in event.items()
            if key not in {"event", "level", "timestamp", "exc_info", *_STANDARD}
        }
        told = event.get("exc_info")
        attributes |= _exception(True if told is None and method == "exception" else told)
        self._keep(
            time.time_ns(), level, logging.getLevelName(level), plain(event.get("event", "")), logger, attributes
        )

    def _keep(self, time_ns: int, level: int, name: str, body: object, logger: str, attributes: dict[str, Any]) -> None:
        context = trace.get_current_span().get_span_context()
        severity = next((ours for least, ours in _SEVERITIES if level >= least), 1)
        ids = (context.trace_id, context.span_id, int(context.trace_flags)) if context.is_valid else (0, 0, 0)
        self.queue.keep((Record(time_ns, severity, name, body, logger, attributes, *ids),))


def plain(value: object, depth: int = 0) -> object:
    """Return a value that later changes cannot reach, in types that OTLP has; never raises."""
    if value is None or isinstance(value, (str, bool, int, float, bytes)):
        return value
    try:
        if depth < MAX_DEPTH and isinstance(value, Mapping):
            return {str(key): plain(one, depth + 1) for key, one in value.items()}
        if depth < MAX_DEPTH and isinstance(value, (list, tuple, set, frozenset)):
            return [plain(one, depth + 1) for one in value]
        return str(value)
    except Exception:  # noqa: BLE001 - the application's own code, for whose log line it must not pay
        return f"<{type(value).__name__} without text>"


def _own_field(key: str) -> bool:
    """Return whether the application has put it there; `otel...` is what OpenTelemetry's instrumentation adds."""
    return key not in _STANDARD and not key.startswith("otel")


def _body(record: logging.LogRecord) -> object:
    if isinstance(record.msg, Mapping) and "event" in record.msg:
        return record.msg
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit are told by logging's own handlers
        return plain(record.msg)


def _exception(told: object) -> dict[str, object]:
    """Return an exception under OpenTelemetry's names, of all that `exc_info` may be."""
    if told is True:
        told = sys.exc_info()
    error = told[1] if isinstance(told, tuple) else told
    if not isinstance(error, BaseException):
        return {}
    return {
        "exception.type": type(error).__qualname__,
        "exception.message": plain(error),
        "exception.stacktrace": "".join(traceback.format_exception(error)),
    }
