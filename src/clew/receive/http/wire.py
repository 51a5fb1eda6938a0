"""The transport of a connection, safe to use at any time of its life."""

from __future__ import annotations

import asyncio


class Wire:
    """Writes, pauses and ends; does nothing before the connection is made or once it is closing."""

    __slots__ = ("_transport", "paused")

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self.paused = False

    def attach(self, transport: asyncio.Transport) -> None:
        """Use this transport from now on."""
        self._transport = transport

    def send(self, data: bytes) -> None:
        """Write bytes."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def pause(self) -> None:
        """Read no more for now."""
        if not self.paused and self._transport is not None and not self._transport.is_closing():
            self.paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self.paused:
            self.paused = False
            if self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()

    def end(self) -> None:
        """Say that nothing more comes; bytes of the other side are still read."""
        if self._transport is not None and not self._transport.is_closing() and self._transport.can_write_eof():
            self._transport.write_eof()

    def close(self) -> None:
        """Close once everything is written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close now."""
        if self._transport is not None:
            self._transport.abort()
