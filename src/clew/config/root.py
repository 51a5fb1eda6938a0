"""The whole configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from clew.config.cors import CorsConfig
from clew.config.journal import JournalConfig
from clew.config.limits import LimitsConfig
from clew.config.listen import ListenConfig
from clew.config.query import QueryConfig
from clew.config.sampling import SamplingConfig
from clew.config.section import Section
from clew.config.storage import StorageConfig
from clew.config.telemetry import TelemetryConfig
from clew.config.tokens import TokenConfig


def _expand(path: Path) -> Path:
    return path.expanduser()


class Config(Section):
    """Everything that a user sets."""

    data_dir: Annotated[Path, AfterValidator(_expand)] = Path("~/.local/share/clew")
    """Directory of the journal and the embedded engine; one process at a time uses it."""
    listen: ListenConfig = ListenConfig()
    """Addresses and ports."""
    insecure: bool = False
    """Accept listeners on public addresses without tokens."""
    tokens: tuple[TokenConfig, ...] = ()
    """Bearer tokens; as soon as one exists, sending needs `ingest` and reading needs `read`."""
    limits: LimitsConfig = LimitsConfig()
    """Bounds of the receivers."""
    journal: JournalConfig = JournalConfig()
    """The journal."""
    storage: StorageConfig = StorageConfig()
    """Engine, retention and disk budget."""
    query: QueryConfig = QueryConfig()
    """Limits of reading."""
    sampling: SamplingConfig = SamplingConfig()
    """What SDKs are told about head sampling."""
    cors: CorsConfig = CorsConfig()
    """Cross-origin rules of OTLP/HTTP."""
    telemetry: TelemetryConfig = TelemetryConfig()
    """Clew's own logs."""
