"""The cache that all processes of the shop share: `diskcache` behind spans that say hit or miss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diskcache import Cache
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from shop.runtime import environ

_tracer = trace.get_tracer("shop.cache")


class SharedCache:
    """Values by key, for a while."""

    def __init__(self, name: str) -> None:
        self._cache = Cache(Path(environ("RUN")) / "cache" / name, timeout=1)

    def get(self, key: str) -> Any:
        """Return the value, or None where there is none."""
        with self._span("GET", key) as span:
            value = self._cache.get(key)
            span.set_attribute("cache.hit", value is not None)
            return value

    def set(self, key: str, value: Any, *, for_s: float) -> None:
        """Keep a value for so many seconds."""
        with self._span("SET", key):
            self._cache.set(key, value, expire=for_s)

    def _span(self, operation: str, key: str) -> Any:
        return _tracer.start_as_current_span(
            f"{operation} {key.partition(':')[0]}",
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": "diskcache", "db.operation.name": operation, "cache.key": key},
        )
