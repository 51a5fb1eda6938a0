"""Keeps the process small: memory that is free inside it goes back to the machine."""

from __future__ import annotations

import ctypes
from typing import Any

import pyarrow as pa

_M_ARENA_MAX = -8
_ARENAS = 2


def _libc() -> Any:
    return ctypes.CDLL(None)


def share_heaps() -> None:
    """Let all threads share two heaps of the C library, Arrow included: each would keep what it once needed.

    Without effect where the C library is not glibc. To be called before there are threads.
    """
    if hasattr(_libc(), "mallopt"):
        _libc().mallopt(_M_ARENA_MAX, _ARENAS)
        pa.set_memory_pool(pa.system_memory_pool())


def give_back() -> None:
    """Give free memory of the heaps back; some milliseconds."""
    if hasattr(_libc(), "malloc_trim"):
        _libc().malloc_trim(0)
