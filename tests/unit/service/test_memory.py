"""Memory that goes back to the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from clew.service.memory import give_back

_BLOCK, _BLOCKS = 100_000, 1000
_SHARED = """
import pyarrow as pa
from clew.service.memory import share_heaps
share_heaps()
print(pa.default_memory_pool().backend_name, pa.array(range(1000)).nbytes)
"""


def resident_kib() -> int:
    """Return what of this process is in memory."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_what_is_free_goes_back() -> None:
    """Blocks that were freed below one that is in use leave the process."""
    blocks = [bytearray(_BLOCK) for _ in range(_BLOCKS)]
    last = bytearray(_BLOCK)
    full = resident_kib()
    del blocks
    give_back()
    assert full - resident_kib() > _BLOCK * _BLOCKS // 1024 // 2
    assert len(last) == _BLOCK


def test_arrow_uses_the_heaps_of_the_c_library() -> None:
    """Arrow keeps no heap of its own."""
    done = subprocess.run([sys.executable, "-c", _SHARED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["system", "8000"]
