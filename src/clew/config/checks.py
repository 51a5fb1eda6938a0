"""Checks that concern more than one key; run once, before anything starts."""

from __future__ import annotations

from clew.config.errors import ExposedListenerError, InvalidValueError
from clew.config.listen import is_loopback
from clew.config.root import Config


def check(config: Config) -> None:
    """Refuse a configuration that would expose data, or whose parts contradict each other.

    Raises:
        ExposedListenerError: a public address with neither tokens nor `insecure`.
        InvalidValueError: two keys that cannot both hold.
    """
    for key, listener in config.listen.by_key().items():
        if not (is_loopback(listener.host) or config.tokens or config.insecure):
            raise ExposedListenerError(f"{key}.host", listener.host)
    _distinct_ports(config)
    _distinct_token_names(config)
    if config.limits.inflight_max_bytes < config.limits.request_max_bytes:
        raise InvalidValueError(
            "limits.inflight_max_bytes",
            str(config.limits.inflight_max_bytes),
            "configuration",
            f"must be at least limits.request_max_bytes ({config.limits.request_max_bytes})",
        )


def _distinct_ports(config: Config) -> None:
    seen: dict[int, str] = {}
    for key, listener in config.listen.by_key().items():
        if listener.port and listener.port in seen:
            problem = f"{seen[listener.port]} has the same port: give each listener its own"
            raise InvalidValueError(f"{key}.port", str(listener.port), "configuration", problem)
        seen[listener.port] = f"{key}.port"


def _distinct_token_names(config: Config) -> None:
    names = [token.name for token in config.tokens]
    for number, name in enumerate(names):
        if name in names[:number]:
            problem = "two tokens have this name: names tell tokens apart in logs"
            raise InvalidValueError(f"tokens.{number}.name", name, "configuration", problem)
