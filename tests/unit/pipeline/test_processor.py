from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from clew.journal import LocalJournal
from clew.pipeline import Backoff, Processor
from clew.store.engine import ArrowBatches, ArrowFile, InsertSource
from clew.store.errors import EngineUnavailableError, InsertRefusedError
from clew.testing.groups import GroupSource

Ignore = Callable[[Exception | None], None]
ORDER = [
    "resources",
    "scopes",
    "attr_keys",
    "attr_values",
    "spans",
    "trace_index",
    "red_1m",
    "red_service_1m",
    "span_by_service",
]


@dataclass
class FailingEngine:
    """Takes inserts and fails as told: the errors of a table are raised one after the other."""

    errors: dict[str, list[Exception]] = field(default_factory=dict)
    inserts: list[tuple[str, InsertSource, str]] = field(default_factory=list)
    refused: threading.Event = field(default_factory=threading.Event)

    def insert(self, table: str, source: InsertSource, *, token: str) -> None:
        """Fail, or remember the call."""
        if waiting := self.errors.get(table):
            self.refused.set()
            raise waiting.pop(0)
        self.inserts.append((table, source, token))

    def tables(self) -> list[str]:
        """Return the tables in the order of their inserts."""
        return [table for table, _, _ in self.inserts]


def run(journal: LocalJournal, engine: FailingEngine) -> Processor:
    """Process what the journal has."""
    processor = Processor(journal, engine, backoff=Backoff(first_s=0.001, most_s=0.002))
    processor.start()
    processor.stop(30)
    return processor


def of(table: str, engine: FailingEngine) -> list[ArrowBatches]:
    """Return what was inserted into a table from memory."""
    return [source for name, source, _ in engine.inserts if name == table and isinstance(source, ArrowBatches)]


def test_order_and_tokens(journal: LocalJournal, source: GroupSource, ignore: Ignore) -> None:
    """What others refer to is inserted first; each token names journal, segment and table."""
    journal.append(source.group(), ignore)
    engine = FailingEngine()
    run(journal, engine)
    assert engine.tables() == ORDER
    tokens = [token.split("/") for _, _, token in engine.inserts]
    assert {tuple(token[:2]) for token in tokens} == {(tokens[0][0], "1")}
    assert [token[2] for token in tokens] == ORDER
    assert journal.stats().spans.pending == 0


def test_a_known_key_is_not_catalogued_again(journal: LocalJournal, source: GroupSource, ignore: Ignore) -> None:
    """New values of a known attribute key bring no second row of the key."""
    for _ in range(4):
        journal.append(source.group(), ignore)
        journal.seal()
    engine = FailingEngine()
    run(journal, engine)
    keys = [tuple(row.items()) for one in of("attr_keys", engine) for batch in one.batches for row in batch.to_pylist()]
    assert len(keys) == len(set(keys))
    assert len(of("attr_values", engine)) > 1


def test_large_batches_go_by_path(journal: LocalJournal, ignore: Ignore) -> None:
    """A segment of large batches is inserted from its file, one of small batches as a single batch in memory."""
    engine, small = FailingEngine(), GroupSource(spans=20)
    journal.append(GroupSource(2, spans=2_000).group(2), ignore)
    journal.seal()
    for _ in range(5):
        journal.append(small.group(), ignore)
    run(journal, engine)
    sources = [source for table, source, _ in engine.inserts if table == "spans"]
    assert isinstance(sources[0], ArrowFile)
    assert isinstance(sources[1], ArrowBatches)
    assert len(sources[1].batches) == 1


def test_resources_once(journal: LocalJournal, source: GroupSource, ignore: Ignore) -> None:
    """A resource that is stored is not inserted again with the next segment."""
    group = source.group()
    engine = FailingEngine()
    for _ in range(2):
        journal.append(group, ignore)
        journal.seal()
    run(journal, engine)
    assert engine.tables().count("resources") == 1
    assert engine.tables().count("spans") == 2


def test_unavailable_engine_is_retried(journal: LocalJournal, source: GroupSource, ignore: Ignore) -> None:
    """A failing engine is asked again with the same token until it takes the rows; done inserts are not repeated."""
    journal.append(source.group(), ignore)
    engine = FailingEngine({"red_1m": [EngineUnavailableError("down")] * 5})
    processor = run(journal, engine)
    assert engine.tables() == ORDER
    assert (processor.stats().retries, journal.stats().spans.lost) == (5, 0)


def test_refused_segment_is_set_aside(journal: LocalJournal, source: GroupSource, ignore: Ignore) -> None:
    """A segment refused twice goes to quarantine, counts as lost and does not block the next; a retry stores it."""
    group = source.group()
    journal.append(group, ignore)
    journal.seal()
    journal.append(source.group(), ignore)
    engine = FailingEngine({"spans": [InsertRefusedError("bad rows")] * 2})
    processor = run(journal, engine)
    stats = journal.stats()
    assert (processor.stats().quarantined, stats.quarantined) == (1, 1)
    assert stats.spans.lost == group.spans.num_rows
    assert "bad rows" in processor.stats().last_error
    assert stats.spans.pending == 0
    journal.retry_quarantined()
    run(journal, engine)
    assert (journal.stats().spans.lost, journal.stats().quarantined) == (0, 0)


def test_refused_once_is_stored(journal: LocalJournal, source: GroupSource, ignore: Ignore) -> None:
    """A refusal that does not come again costs nothing."""
    journal.append(source.group(), ignore)
    engine = FailingEngine({"trace_index": [InsertRefusedError("odd")]})
    run(journal, engine)
    assert journal.stats().spans.lost == 0
    assert {"trace_index", "red_1m"} <= set(engine.tables())


def test_stop_while_the_engine_is_down(journal: LocalJournal, source: GroupSource, ignore: Ignore) -> None:
    """Stop ends within its time although the engine is down; the segment stays for the next process."""
    group = source.group()
    journal.append(group, ignore)
    engine = FailingEngine({"spans": [EngineUnavailableError("down")] * 100_000})
    processor = Processor(journal, engine, backoff=Backoff(first_s=0.01, most_s=0.01))
    processor.start()
    journal.seal()
    assert engine.refused.wait(30)
    processor.stop(0.1)
    processor.stop(0.1)
    assert journal.stats().spans.pending == group.spans.num_rows


def test_stop_without_start(journal: LocalJournal) -> None:
    """Stop without start does nothing."""
    Processor(journal, FailingEngine()).stop()


def test_backoff_is_bounded() -> None:
    """Waits double up to their bound and are spread by the given random number."""
    backoff = Backoff(first_s=1, most_s=5, draw=lambda: 0.5)
    assert [backoff.wait_s() for _ in range(5)] == [0.75, 1.5, 3.0, 3.75, 3.75]
    backoff.reset()
    assert backoff.wait_s() == 0.75
