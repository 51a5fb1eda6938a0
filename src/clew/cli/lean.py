"""Keeps modules out of the server that a library would load by itself and nothing uses."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

_UNUSED = frozenset({"pandas"})
"""pyarrow loads pandas with its first array where it is installed: a second of CPU and 50 MiB."""


class _Absent:
    """A finder that says of some modules that they are not installed."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise for a module that is to stay out, leave the others to the next finder."""
        del path, target
        if fullname in _UNUSED:
            raise ModuleNotFoundError(f"{fullname} is not used by the server", name=fullname)
        return None


def stay_lean() -> None:
    """Let no library load what the server does not use; to be called before modules that may make an array."""
    if _Absent not in sys.meta_path:
        sys.meta_path.insert(0, _Absent)
