from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.store.embedded import EmbeddedEngine
from clew.store.migrate import migrate


@pytest.fixture(scope="module")
def engine() -> Iterator[EmbeddedEngine]:
    """Give one embedded engine with all tables, in memory: 400 partitions in seven tables are thousands of syncs."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as room:
        opened = EmbeddedEngine(Path(room))
        migrate(opened)
        opened.execute("SYSTEM STOP TTL MERGES")  # the rows of these tests are older than the retention
        yield opened
        opened.close()
