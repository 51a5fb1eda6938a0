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
                ca_file=storage.ca_file,
            )
        )
    config = EmbeddedConfig(
        max_memory_bytes=storage.max_memory_bytes,
        keep_free_bytes=storage.reserve_bytes // 2,  # the journal stops at the whole of it; what it holds still goes in
        backup_dirs=tuple(path.absolute() for path in storage.backup_dirs),
    )
    return EmbeddedEngine(data_dir / "engine", config)
