"""Connect delay: a proxy that waits before it passes a connection on, as slow name resolution or a full backlog do."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

_PIECE = 65_536


class SlowDoor:
    """Listens on a free port of this machine once it is asked for its address."""

    def __init__(self, target: str, wait_s: float) -> None:
        host, _, port = target.partition(":")
        self._target = (host, int(port))
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._address = ""

    def address(self) -> str:
        """Return `HOST:PORT`."""
        with self._lock:
            if not self._address:
                door = socket.create_server(("127.0.0.1", 0))
                self._address = f"127.0.0.1:{door.getsockname()[1]}"
                threading.Thread(target=self._accept, args=(door,), daemon=True).start()
        return self._address

    def _accept(self, door: socket.socket) -> None:
        while True:
            caller, _ = door.accept()
            threading.Thread(target=self._pass_on, args=(caller,), daemon=True).start()

    def _pass_on(self, caller: socket.socket) -> None:
        time.sleep(self._wait_s)
        with caller, contextlib.suppress(OSError), socket.create_connection(self._target, 10) as called:
            back = threading.Thread(target=_copy, args=(called, caller), daemon=True)
            back.start()
            _copy(caller, called)
            back.join(10)


def _copy(one: socket.socket, other: socket.socket) -> None:
    """Copy what comes until it ends, then say so to the other side."""
    with contextlib.suppress(OSError):
        while piece := one.recv(_PIECE):
            other.sendall(piece)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
