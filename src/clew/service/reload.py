"""Follow the configuration file while Clew runs: what can change takes effect, what cannot is said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from clew.config import Config
from clew.config.errors import ConfigError

_log = structlog.get_logger(__name__)
_POLL_S = 2.0
LIVE = frozenset({"sampling"})
"""Sections that take effect without a restart."""


class Reload:
    """Looks at the file every two seconds; a file that is wrong leaves everything as it was."""

    def __init__(
        self,
        path: Path,
        read: Callable[[], Config],
        config: Config,
        apply: Sequence[Callable[[Config], None]],
    ) -> None:
        self._path = path
        self._read = read
        self._config = config
        self._apply = apply
        self._seen = self._mark()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, on the running event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End. Safe twice and without start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_POLL_S)
            await asyncio.to_thread(self.check)

    def check(self) -> None:
        """Read the file again if it has changed."""
        mark = self._mark()
        if mark == self._seen or mark is None:
            return  # a file that is gone is being replaced
        self._seen = mark
        try:
            config = self._read()
        except ConfigError as error:
            _log.warning("the configuration was not taken: it stays as it was", error=error.detail, hint=error.hint)
            return
        changed = {name for name in type(config).model_fields if getattr(config, name) != getattr(self._config, name)}
        for apply in self._apply:
            apply(config)
        self._config = config
        _log.info("configuration read", in_force=sorted(changed & LIVE), after_restart=sorted(changed - LIVE))

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino)
