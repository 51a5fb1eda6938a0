"""From configuration to an engine."""

from __future__ import annotations

from pathlib import Path

from clew.config import StorageConfig
from clew.store.embedded import EmbeddedEngine
from clew.store.embedded_config import EmbeddedConfig
from clew.store.http import HttpConfig, HttpEngine


def open_engine(storage: StorageConfig, data_dir: Path) -> EmbeddedEngine | HttpEngine:
    """Return the engine that the configuration names; the embedded one lives in `engine` below `data_dir`."""
    if storage.engine == "http":
        return HttpEngine(
            HttpConfig(
                url=str(storage.url),
                user=storage.user,
                password=storage.password.get_secret_value(),
                database=storage.database,
            )
        )
    return EmbeddedEngine(data_dir / "engine", EmbeddedConfig(max_memory_bytes=storage.max_memory_bytes))
