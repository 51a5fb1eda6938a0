"""What a user sets, from OpenTelemetry's environment variables and Clew's own few."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

_LEVELS = {logging.getLevelName(level): level for level in range(logging.DEBUG, logging.CRITICAL + 1, 10)}
DEFAULT_ENDPOINT = "http://127.0.0.1:4318"


class SettingsError(ValueError):
    """A variable has a value that cannot be used; says which, and what to write."""

    def __init__(self, variable: str, value: str, wanted: str) -> None:
        super().__init__(f"{variable}={value!r} cannot be used: {wanted}")


@dataclass(frozen=True)
class Settings:
    """Everything that `start` needs."""

    traces_url: str = f"{DEFAULT_ENDPOINT}/v1/traces"
    metrics_url: str = f"{DEFAULT_ENDPOINT}/v1/metrics"
    logs_url: str = f"{DEFAULT_ENDPOINT}/v1/logs"
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 10.0
    compress: bool = True
    certificate: str | None = None
    interval_s: float = 1.0
    max_queue: int = 8192
    batch: int = 512
    shutdown_s: float = 2.0
    spill_directory: str | None = None
    """Where requests wait while the collector is away; without it they wait in memory for a minute at most."""
    spill_max_bytes: int = 64 << 20
    sampler: str = "parentbased_always_on"
    """A name of OTEL_TRACES_SAMPLER, or consistent_probability, consistent_rate, remote, parent-based all three."""
    sampler_argument: str = ""
    keep_errors: bool = False
    """Record unsampled traces too, and send those that fail in this process."""
    debug_key: str = ""
    """Secret of debug tokens; without it there is no debugging by header."""
    propagators: tuple[str, ...] = ("tracecontext", "baggage")
    baggage_allow: tuple[str, ...] | None = None
    """Baggage keys that may leave the process; None is all."""
    process_metrics: bool = False
    metrics_interval_s: float = 15.0
    log_correlation: bool = True
    log_export: bool = False
    """Send log records too."""
    log_level: int = logging.INFO
    """Least level of records that are sent."""
    disabled: bool = False


def from_environ(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of an environment, `os.environ` by default.

    Raises:
        SettingsError: a value cannot be used.
    """
    env = _Env(os.environ if environ is None else environ)
    base = (env.text("OTEL_EXPORTER_OTLP_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")
    allow = env.text("CLEW_BAGGAGE_ALLOW")
    return Settings(
        traces_url=env.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or f"{base}/v1/traces",
        metrics_url=env.text("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") or f"{base}/v1/metrics",
        logs_url=env.text("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT") or f"{base}/v1/logs",
        headers=env.pairs("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or env.pairs("OTEL_EXPORTER_OTLP_HEADERS"),
        timeout_s=env.number("OTEL_EXPORTER_OTLP_TIMEOUT", 10.0),
        compress=env.text("OTEL_EXPORTER_OTLP_COMPRESSION") != "none",
        certificate=env.text("OTEL_EXPORTER_OTLP_CERTIFICATE") or None,
        interval_s=env.number("OTEL_BSP_SCHEDULE_DELAY", 1000.0) / 1000,
        max_queue=int(env.number("OTEL_BSP_MAX_QUEUE_SIZE", 8192)),
        batch=int(env.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)),
        shutdown_s=env.number("CLEW_SHUTDOWN_TIMEOUT", 2.0),
        spill_directory=env.text("CLEW_SPILL_DIR") or None,
        spill_max_bytes=int(env.number("CLEW_SPILL_MAX_BYTES", 64 << 20)),
        sampler=env.text("OTEL_TRACES_SAMPLER") or "parentbased_always_on",
        sampler_argument=env.text("OTEL_TRACES_SAMPLER_ARG"),
        keep_errors=env.switch("CLEW_KEEP_ERRORS", default=False),
        debug_key=env.text("CLEW_DEBUG_KEY"),
        propagators=env.words("OTEL_PROPAGATORS") or ("tracecontext", "baggage"),
        baggage_allow=None if not allow else env.words("CLEW_BAGGAGE_ALLOW"),
        process_metrics=env.switch("CLEW_PROCESS_METRICS", default=False),
        metrics_interval_s=env.number("OTEL_METRIC_EXPORT_INTERVAL", 15_000.0) / 1000,
        log_correlation=env.switch("OTEL_PYTHON_LOG_CORRELATION", default=True),
        log_export=bool({"otlp", "clew"} & set(env.words("OTEL_LOGS_EXPORTER"))),
        log_level=env.level("CLEW_LOGS_LEVEL"),
        disabled=env.switch("OTEL_SDK_DISABLED", default=False),
    )


class _Env:
    """Reads variables; an empty one is as good as none."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str:
        return self._environ.get(name, "").strip()

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in self.text(name).split(",") if word.strip())

    def pairs(self, name: str) -> dict[str, str]:
        pairs = (word.partition("=") for word in self.words(name))
        return {unquote(key.strip()).lower(): unquote(value.strip()) for key, equals, value in pairs if equals}

    def number(self, name: str, default: float) -> float:
        text = self.text(name)
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            raise SettingsError(name, text, "write a number") from None
        if value < 0:
            raise SettingsError(name, text, "write a number of at least 0")
        return value

    def level(self, name: str) -> int:
        text = self.text(name).upper() or "INFO"
        if text not in _LEVELS:
            raise SettingsError(name, text, f"write one of {', '.join(_LEVELS).lower()}")
        return _LEVELS[text]

    def switch(self, name: str, *, default: bool) -> bool:
        text = self.text(name).lower()
        if text in {"", "true", "1", "yes", "on", "false", "0", "no", "off"}:
            return default if not text else text in {"true", "1", "yes", "on"}
        raise SettingsError(name, text, "write true or false")
