"""Where spans are stored and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from clew.config.section import Bytes, Section


class StorageConfig(Section):
    """The engine, retention and the disk budget."""

    engine: Literal["embedded", "http"] = "embedded"
    """`embedded` keeps the data in `data_dir`; `http` uses the ClickHouse server at `url`."""
    url: str | None = None
    """Address of the ClickHouse HTTP interface, for `engine: http`."""
    user: str = "default"
    """ClickHouse user, for `engine: http`."""
    password: SecretStr = SecretStr("")
    """ClickHouse password, for `engine: http`."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's, for `engine: http` with https."""
    database: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = "clew"
    """ClickHouse database."""
    retention_days: Annotated[int, Field(ge=1, le=36_500)] = 30
    """Days that spans and logs are kept."""
    red_retention_days: Annotated[int, Field(ge=1, le=36_500)] = 90
    """Days that per-minute rate, error and duration figures are kept."""
    max_bytes: Bytes | None = None
    """Disk budget; the oldest partition goes before it is passed. 80 % of the volume when not set."""
    reserve_bytes: Bytes = 1 << 30
    """Free space on the volume that is never used, so that merges and the journal can go on."""
    attribute_index: bool = True
    """Index attribute values of up to 64 characters; costs about 1 to 2 us a span and 9 to 17 bytes on disk."""
    max_memory_bytes: Annotated[Bytes, Field(ge=256 << 20)] = 4 << 30
    """Memory of the embedded engine."""
    max_threads: Annotated[int, Field(ge=1, le=256)] = 2
    """Threads of one query; a merge takes one."""
    backup_dirs: tuple[Path, ...] = ()
    """Directories below which the embedded engine keeps backups; `engine/backups` in `data_dir` when empty."""

    @model_validator(mode="after")
    def _url_with_http(self) -> Self:
        if self.engine == "http" and not self.url:
            raise ValueError("engine http needs storage.url, for example http://clickhouse:8123")
        if self.engine == "http" and not str(self.url).startswith(("http://", "https://")):
            raise ValueError("storage.url starts with http:// or https://")
        if self.engine == "embedded" and self.url:
            raise ValueError("storage.url is for engine http: set storage.engine to http or remove it")
        return self
