"""Ports for the services: below those that the system hands out to outgoing connections, so that none takes them."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

from shop.errors import PortTakenError

_LOWEST, _HIGHEST = 20_000, 32_000


def check(port: int, option: str) -> None:
    """Say now that a port which was asked for is taken.

    Raises:
        PortTakenError: names the option that chooses another one.
    """
    with socket.socket() as probe:
        if port and not _bind(probe, port):
            raise PortTakenError(port, option)


def free(count: int) -> list[int]:
    """Return different ports on which nobody listens."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            probe = held.enter_context(socket.socket())
            port = random.randrange(_LOWEST, _HIGHEST)  # noqa: S311 - not for secrets
            if _bind(probe, port):
                found.append(port)
    return found


def _bind(probe: socket.socket, port: int) -> bool:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", port))
        probe.listen(1)
    except OSError:
        return False
    return True


def open_at(port: int) -> bool:
    """Return whether somebody listens."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
