from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from clew.codec import Compression, Encoding, Request, SpanBuilder
from clew.journal import Group, JournalSettings, LocalJournal
from clew.pipeline import Backoff, Processor
from clew.store.embedded import EmbeddedEngine
from clew.store.engine import InsertSource
from clew.store.errors import EngineUnavailableError
from clew.testing.groups import START_NS, GroupSource
from clew.testing.traces import TraceSource

SETTINGS = JournalSettings(reserve_bytes=0, idle_interval_s=3600, unread_interval_s=3600)
SUMS = {
    "spans": "count()",
    "trace_index": "sum(spans)",
    "red_1m": "sum(n)",
    "red_service_1m": "sum(n)",
    "span_by_service": "count()",
}


class SlowEngine:
    """Passes inserts on slowly and loses the answer of each first one: the rows are stored, the caller is not told."""

    def __init__(self, engine: EmbeddedEngine, pause_s: float = 0.01) -> None:
        self._engine = engine
        self._pause = threading.Event()
        self._pause_s = pause_s
        self._known: set[str] = set()

    def insert(self, table: str, source: InsertSource, *, token: str) -> None:
        """Insert, then fail the first time."""
        self._pause.wait(self._pause_s)
        self._engine.insert(table, source, token=token)
        if token not in self._known:
            self._known.add(token)
            raise EngineUnavailableError("the answer was lost")


@pytest.fixture(autouse=True)
def _empty(engine: EmbeddedEngine) -> None:
    for table in [*SUMS, "resources", "scopes", "attr_keys", "attr_values"]:
        engine.execute(f"TRUNCATE TABLE {table}")


@pytest.fixture
def ignore() -> Callable[[Exception | None], None]:
    """Take an answer of the journal that must be good."""

    def check(error: Exception | None) -> None:
        assert error is None

    return check


def _counts(engine: EmbeddedEngine) -> dict[str, int]:
    return {
        table: int(engine.query(f"SELECT toUInt64({what}) AS n FROM {table}").table.column("n")[0].as_py())
        for table, what in SUMS.items()
    }


def _all(rows: int) -> dict[str, int]:
    return dict.fromkeys(SUMS, rows)


def _process(journal: LocalJournal, engine: EmbeddedEngine | SlowEngine) -> None:
    processor = Processor(journal, engine, backoff=Backoff(first_s=0.001, most_s=0.002))
    processor.start()
    processor.stop(150)


def _open(path: Path) -> LocalJournal:
    journal = LocalJournal(path, SETTINGS)
    journal.start()
    return journal


def test_lost_answers_store_once(
    engine: EmbeddedEngine, tmp_path: Path, ignore: Callable[[Exception | None], None]
) -> None:
    """Inserts whose answer was lost are made again and change nothing, in any table, before and after merges."""
    journal, source = _open(tmp_path / "journal"), GroupSource()
    groups = [source.group(2) for _ in range(3)]
    for group in groups:
        journal.append(group, ignore)
    _process(journal, SlowEngine(engine))
    rows = sum(group.spans.num_rows for group in groups)
    assert journal.stats().spans.stored == rows
    journal.stop()
    assert _counts(engine) == _all(rows)
    for table in SUMS:
        engine.execute(f"OPTIMIZE TABLE {table} FINAL")
    assert _counts(engine) == _all(rows)


def test_kill_between_insert_and_commit(
    engine: EmbeddedEngine, tmp_path: Path, ignore: Callable[[Exception | None], None]
) -> None:
    """A process that ends after its inserts and before the commit is followed by one whose replay changes nothing."""
    journal, source = _open(tmp_path / "journal"), GroupSource(3)
    group = source.group(2)
    journal.append(group, ignore)
    journal.seal()
    shutil.copytree(tmp_path / "journal", tmp_path / "killed")
    _process(journal, engine)
    journal.stop()
    journal = _open(tmp_path / "killed")
    assert journal.stats().spans.pending == group.spans.num_rows
    _process(journal, engine)
    journal.stop()
    assert _counts(engine) == _all(group.spans.num_rows)


def test_spans_of_400_days(engine: EmbeddedEngine, tmp_path: Path, ignore: Callable[[Exception | None], None]) -> None:
    """One segment with spans of 400 days is stored whole, each day in its partition."""
    builder, traces = SpanBuilder(retention_s=500 * 86_400), TraceSource(5, spans=5, templates=1)
    builder.push(
        [
            Request(
                "default",
                traces.request(day, START_NS - day * 86_400 * 10**9).body,
                Encoding.PROTOBUF,
                Compression.NONE,
                START_NS,
            )
            for day in range(400)
        ]
    )
    batches = builder.finish()
    group = Group(spans=batches.rows, resources=batches.resources, scopes=batches.scopes)
    journal = _open(tmp_path / "journal")
    journal.append(group, ignore)
    _process(journal, engine)
    stats = journal.stats()
    journal.stop()
    assert (stats.quarantined, stats.spans.stored) == (0, group.spans.num_rows)
    assert _counts(engine) == _all(group.spans.num_rows)
    days = engine.query("SELECT uniqExact(toDate(bucket)) AS n FROM spans").table.column("n")[0].as_py()
    assert days >= 400
    for kind in ("resource", "scope"):  # kept by day, as spans are: none is without its origin while it is stored
        sql = f"({kind}_id, toDate(bucket)) NOT IN (SELECT {kind}_id, toDate(day) FROM {kind}s)"
        assert engine.query(f"SELECT count() AS n FROM spans WHERE {sql}").table.column("n")[0].as_py() == 0


def test_catalogue_and_resources(
    engine: EmbeddedEngine, tmp_path: Path, ignore: Callable[[Exception | None], None]
) -> None:
    """Every attribute key of the spans is catalogued at its level, and every span finds its resource."""
    journal, source = _open(tmp_path / "journal"), GroupSource(7)
    journal.append(source.group(2), ignore)
    _process(journal, engine)
    journal.stop()
    query = "SELECT count() AS n FROM spans WHERE resource_id NOT IN (SELECT resource_id FROM resources)"
    assert engine.query(query).table.column("n")[0].as_py() == 0
    missing = (
        "SELECT count() AS n FROM (SELECT DISTINCT arrayJoin(mapKeys(attr_str)) AS key FROM spans) "
        "WHERE key NOT IN (SELECT key FROM attr_keys WHERE level = 'span')"
    )
    assert engine.query(missing).table.column("n")[0].as_py() == 0
    assert engine.query("SELECT count() AS n FROM attr_values WHERE level = 'resource'").table["n"][0].as_py() > 0
