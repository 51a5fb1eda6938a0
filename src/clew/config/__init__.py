"""Typed options: read from YAML, `CLEW_*` variables and flags, checked before anything starts.

A file, an environment and overrides come in; one frozen `Config` goes out, or an error that names the key, the value
and the fix. Every other room takes the section that it needs and reads no environment of its own.
"""

from clew.config.cors import CorsConfig
from clew.config.journal import JournalConfig
from clew.config.limits import LimitsConfig
from clew.config.listen import ListenConfig, Listener
from clew.config.load import load
from clew.config.query import QueryConfig
from clew.config.root import Config
from clew.config.storage import StorageConfig
from clew.config.telemetry import TelemetryConfig
from clew.config.tokens import TokenConfig

__all__ = [
    "Config",
    "CorsConfig",
    "JournalConfig",
    "LimitsConfig",
    "ListenConfig",
    "Listener",
    "QueryConfig",
    "StorageConfig",
    "TelemetryConfig",
    "TokenConfig",
    "load",
]
