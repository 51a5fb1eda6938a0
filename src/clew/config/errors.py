"""What can be wrong with a configuration, each error with the key, the value and the fix.

ClewError
+-- ConfigError
    +-- ConfigFileError        the file cannot be read, or is no YAML mapping
    +-- UnknownKeyError        a key that does not exist
    +-- InvalidValueError      a value that its key does not take
    +-- ExposedListenerError   a public address without tokens and without `insecure`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from clew.model.errors import ClewError


class ConfigError(ClewError):
    """The configuration cannot be used; Clew does not start."""

    code: ClassVar[str] = "config_invalid"
    http_status: ClassVar[int] = 400
    grpc_status: ClassVar[str] = "INVALID_ARGUMENT"


class ConfigFileError(ConfigError):
    """The configuration file cannot be read or is no YAML mapping."""

    code: ClassVar[str] = "config_file"

    def __init__(self, path: str, problem: str, *, hint: str) -> None:
        super().__init__(f"configuration file {path}: {problem}", hint=hint)
        self.path = path


class UnknownKeyError(ConfigError):
    """A key that no section has; the nearest names are suggested."""

    code: ClassVar[str] = "config_unknown_key"

    def __init__(self, key: str, source: str, near: Sequence[str]) -> None:
        hint = f"did you mean {' or '.join(near)}?" if near else "`clew config schema` lists every key"
        super().__init__(f"{source}: unknown key {key}", hint=hint)
        self.key = key
        self.source = source
        self.near = tuple(near)


class InvalidValueError(ConfigError):
    """A value that its key does not take."""

    code: ClassVar[str] = "config_invalid_value"

    def __init__(self, key: str, value: str, source: str, problem: str) -> None:
        super().__init__(
            f"{source}: {key} = {value}: {problem}", hint=f"change {key} in {source}; `clew config schema` describes it"
        )
        self.key = key
        self.value = value
        self.source = source


class ExposedListenerError(ConfigError):
    """A listener on a public address, with neither tokens nor the explicit word that none are wanted."""

    code: ClassVar[str] = "config_exposed_listener"

    def __init__(self, key: str, host: str) -> None:
        super().__init__(
            f"{key} = {host} is reachable from other machines and nothing protects it",
            hint=f"configure `tokens`, or set `insecure: true` to accept it, or set {key} to 127.0.0.1",
        )
        self.key = key
        self.host = host
