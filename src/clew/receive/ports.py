"""Listening sockets, and who holds a port that is taken."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from clew.receive.errors import ListenError, PortInUseError

_LISTEN = "0A"
_BACKLOG = 1024


def bind(key: str, host: str, port: int) -> list[socket.socket]:
    """Return listening sockets for every address of `host`, all on one port (`port` 0 takes a free one).

    Args:
        key: the listener's key in the configuration, for errors: `listen.otlp_http`.
        host: address or name.
        port: TCP port.

    Raises:
        PortInUseError: names the port, the option and, if it can be found, the process.
        ListenError: the address cannot be used.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ListenError(key, host, port, str(error.strerror or error)) from None
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            sockets.append(_listen(family, (address[0], port, *address[2:])))
            port = port or sockets[0].getsockname()[1]
    except OSError as error:
        for listening in sockets:
            listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(key, host, port, holder_of(port)) from None
        raise ListenError(key, host, port, str(error.strerror or error)) from None
    return sockets


def _listen(family: int, address: tuple[object, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.settimeout(0)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def holder_of(port: int) -> str | None:
    """Return `name (pid N)` of the process that listens on a TCP port of this machine, if it may be seen."""
    inodes = _inodes_of(port)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(_link(entry) in wanted for entry in (process / "fd").iterdir()):
                name = (process / "comm").read_text(encoding="utf-8").strip()
                return f"{name} (pid {process.name})"
        except OSError:
            continue
    return None


def _inodes_of(port: int) -> set[str]:
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def _link(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""
