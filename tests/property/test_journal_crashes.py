"""A kill between any two steps of the journal: every change of its directory is a moment at which it may end."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.journal import JournalSettings, Ledger, LocalJournal, Segment
from clew.testing.groups import GroupSource

SETTINGS = JournalSettings(
    reserve_bytes=0,
    counters_reserve_bytes=0,
    idle_interval_s=3600,
    unread_interval_s=3600,
    interval_s=3600,
    segment_max_rows=40,
)
EVENTS = {"open", "os.rename", "os.remove", "os.truncate", "os.mkdir"}


@dataclass
class World:
    """What is true outside of the journal: what was acknowledged, and what the engine has stored by token."""

    sent: Counter[int] = field(default_factory=Counter)
    acknowledged: set[int] = field(default_factory=set)
    rejected: int = 0
    engine: dict[str, list[int]] = field(default_factory=dict)
    synced: dict[str, int] = field(default_factory=dict)
    """Sizes of files as of the last acknowledgement: a power loss may cut what came later."""

    def copy(self) -> World:
        """Return what is true now."""
        return World(Counter(self.sent), set(self.acknowledged), self.rejected, dict(self.engine), dict(self.synced))


def add_up(ledger: Ledger) -> int:
    """Return what `received` must be."""
    return ledger.stored + ledger.pending + ledger.sampled_out + ledger.rejected + ledger.lost


def span_ids(segment: Segment) -> list[int]:
    """Return the spans of a segment in order."""
    return [span for batch in segment.content.get("spans", ()) for span in batch.column("span_id").to_pylist()]


def insert(world: World, segment: Segment) -> None:
    """Store a segment as the engine does: a known token changes nothing."""
    world.engine.setdefault(segment.token, span_ids(segment))


def commit(journal: LocalJournal, segment: Segment) -> None:
    """Commit a segment as stored whole."""
    rows = segment.rows
    journal.commit(segment, stored_spans=rows.get("spans", 0), stored_logs=rows.get("logs", 0))


class Crashes:
    """Copies the directory at every event in it, together with the world as it is then."""

    def __init__(self) -> None:
        self.directory: Path | None = None
        self.world = World()
        self.left: list[tuple[Path, World]] = []
        self.room = Path()
        self.chance = 1.0
        self.random = random.Random(0)
        self._busy = threading.local()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.directory is None or event not in EVENTS or getattr(self._busy, "now", False):
            return
        path = arguments[0]
        if not isinstance(path, str | Path) or not str(path).startswith(str(self.directory)):
            return
        self._busy.now = True
        try:
            if self.random.random() < self.chance:
                self._copy()
        finally:
            self._busy.now = False

    def _copy(self) -> None:
        assert self.directory is not None
        target = self.room / f"crash-{len(self.left)}"
        shutil.copytree(self.directory, target, ignore=shutil.ignore_patterns("lock"))
        for path in target.glob("*.arrow"):
            size, safe = path.stat().st_size, self.world.synced.get(path.name, 0)
            if size > safe and not (target / f"{path.name[:12]}.seal").exists():
                with path.open("r+b") as file:
                    file.truncate(self.random.randint(safe, size))
        self.left.append((target, self.world.copy()))


@pytest.fixture(scope="module")
def crashes() -> Iterator[Crashes]:
    """One audit hook for the module, since a hook cannot be taken out again; idle without a directory."""
    hook = Crashes()
    yield hook
    hook.directory = None


class Driver:
    """Makes the steps of a test case."""

    def __init__(self, crashes: Crashes, directory: Path, source: GroupSource) -> None:
        self.crashes, self.directory, self.source = crashes, directory, source
        self.journal = LocalJournal(directory, SETTINGS)
        self.journal.start()

    def append(self) -> None:
        """Append the next group and wait for its answer."""
        group = self.source.group(rejected={"invalid_trace_id": 1})
        spans = group.spans.column("span_id").to_pylist()
        world = self.crashes.world
        world.sent.update(spans)
        answered = threading.Event()
        errors: list[Exception | None] = []

        def done(error: Exception | None) -> None:
            errors.append(error)
            answered.set()

        self.journal.append(group, done)
        assert answered.wait(30)
        assert errors == [None]
        world.acknowledged.update(spans)
        world.rejected += 1
        world.synced = {path.name: path.stat().st_size for path in self.directory.glob("*.arrow")}

    def seal(self) -> None:
        """Seal the open segment."""
        self.journal.seal()

    def store(self) -> None:
        """Insert and commit the oldest segment."""
        if (segment := self.journal.next_sealed(0)) is not None:
            insert(self.crashes.world, segment)
            commit(self.journal, segment)

    def insert_only(self) -> None:
        """Insert the oldest segment and forget to commit."""
        if (segment := self.journal.next_sealed(0)) is not None:
            insert(self.crashes.world, segment)

    def quarantine(self) -> None:
        """Set the oldest segment aside."""
        if (segment := self.journal.next_sealed(0)) is not None:
            self.journal.quarantine(segment, "refused")

    def retry(self) -> None:
        """Put segments that were set aside back in line."""
        self.journal.retry_quarantined()

    def restart(self) -> None:
        """Stop and start again."""
        self.journal.stop()
        self.journal = LocalJournal(self.directory, SETTINGS)
        self.journal.start()


STEPS = [
    "append",
    "append",
    "append",
    "seal",
    "seal",
    "store",
    "store",
    "insert_only",
    "quarantine",
    "retry",
    "restart",
]


def check_left(directory: Path, world: World) -> None:
    """Start on what a kill left: every acknowledged span is stored once in the end, and the ledger adds up."""
    journal = LocalJournal(directory, SETTINGS)
    journal.start()
    try:
        ledger = journal.stats().spans
        assert ledger.received == add_up(ledger)
        assert ledger.received >= len(world.acknowledged) + world.rejected
        journal.retry_quarantined()
        while (segment := journal.next_sealed(0)) is not None:
            insert(world, segment)
            commit(journal, segment)
        ledger = journal.stats().spans
        assert (ledger.pending, ledger.lost) == (0, 0)
        assert ledger.received == add_up(ledger)
        assert world.rejected <= ledger.rejected <= world.rejected + 1
        stored = Counter(span for spans in world.engine.values() for span in spans)
        assert ledger.stored == stored.total()
        assert world.acknowledged <= stored.keys()
        assert all(stored[span] <= count for span, count in world.sent.items())
        assert stored.keys() <= world.sent.keys()
    finally:
        journal.stop()


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.sampled_from(STEPS), min_size=3, max_size=12), seed=st.integers(0, 2**32))
def test_kill_between_any_two_steps(crashes: Crashes, steps: list[str], seed: int) -> None:
    """No acknowledged span is lost or stored twice, whatever the journal was doing when it was killed."""
    with tempfile.TemporaryDirectory() as room:
        crashes.room, crashes.world, crashes.left = Path(room), World(), []
        crashes.random, crashes.chance = random.Random(seed), 0.25
        source = GroupSource(seed % 1000, spans=10)
        driver = Driver(crashes, Path(room) / "journal", source)
        crashes.directory = driver.directory
        try:
            for step in ["append", *steps, "seal", "store"]:
                getattr(driver, step)()
        finally:
            crashes.directory = None
            driver.journal.stop()
        check_left(driver.directory, crashes.world.copy())
        for directory, world in crashes.left:
            check_left(directory, world)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    groups=st.integers(1, 5),
    damage=st.lists(st.tuples(st.sampled_from(["spans", "resources", "scopes"]), st.floats(0, 1), st.integers(0, 7))),
    sealed=st.booleans(),
)
def test_flipped_bits_never_pass(groups: int, damage: list[tuple[str, float, int]], sealed: bool) -> None:  # noqa: FBT001
    """Whatever bits flip, rows that come out are rows that went in, the others are counted, and the ledger adds up."""
    with tempfile.TemporaryDirectory() as room:
        crashes = Crashes.__new__(Crashes)
        crashes.world = World()
        driver = Driver(crashes, Path(room) / "journal", GroupSource(spans=10))
        rows = []
        for _ in range(groups):
            driver.append()
        journal, directory = driver.journal, driver.directory
        if sealed:
            journal.seal()
        copy = Path(room) / "copy"
        shutil.copytree(directory, copy, ignore=shutil.ignore_patterns("lock"))
        journal.stop()
        for stream, where, bit in damage:
            path = copy / f"000000000001.{stream}.arrow"
            data = bytearray(path.read_bytes())
            data[int(where * (len(data) - 1))] ^= 1 << bit
            path.write_bytes(data)
        journal = LocalJournal(copy, SETTINGS)
        journal.start()
        try:
            while (segment := journal.next_sealed(0)) is not None:
                rows += span_ids(segment)
                commit(journal, segment)
            ledger = journal.stats().spans
            assert ledger.received == add_up(ledger)
            assert set(rows) <= crashes.world.acknowledged
            assert len(set(rows)) == len(rows) == ledger.stored
            if sealed:
                assert ledger.stored + ledger.lost == len(crashes.world.acknowledged)
        finally:
            journal.stop()
