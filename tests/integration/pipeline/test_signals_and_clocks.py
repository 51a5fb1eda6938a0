"""Logs, and clocks that jump, through the journal and the processor into the real engine."""

from __future__ import annotations

from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from clew.codec import Compression, Encoding, LogBuilder, Request
from clew.journal import Group, JournalSettings, LocalJournal
from clew.pipeline import Processor
from clew.store.embedded import EmbeddedEngine
from clew.testing.groups import RETENTION_S, START_NS, GroupSource

DAY_NS = 86_400 * 10**9


def _store(engine: EmbeddedEngine, path: Path, groups: list[Group]) -> LocalJournal:
    answers: list[Exception | None] = []
    journal = LocalJournal(path, JournalSettings(reserve_bytes=0, idle_interval_s=3600, unread_interval_s=3600))
    journal.start()
    for group in groups:
        journal.append(group, answers.append)
    processor = Processor(journal, engine)
    processor.start()
    processor.stop(60)
    journal.stop()
    assert answers == [None] * len(groups)
    return journal


def _log_group() -> Group:
    records = [
        LogRecord(
            time_unix_nano=START_NS + number,
            severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
            body=AnyValue(string_value=f"line {number}"),
        )
        for number in range(7)
    ]
    resource = Resource(attributes=[KeyValue(key="service.name", value=AnyValue(string_value="till"))])
    request = ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(resource=resource, scope_logs=[ScopeLogs(log_records=records)])]
    )
    builder = LogBuilder(retention_s=RETENTION_S)
    builder.push([Request("default", request.SerializeToString(), Encoding.PROTOBUF, Compression.NONE, START_NS)])
    batches = builder.finish()
    return Group(logs=batches.rows, resources=batches.resources, scopes=batches.scopes, rejected_logs={"too_odd": 2})


def test_logs_reach_their_table_and_ledger(engine: EmbeddedEngine, tmp_path: Path) -> None:
    """Log rows are stored once with their resource and counted in a ledger of their own."""
    journal = _store(engine, tmp_path / "journal", [_log_group()])
    ledger = journal.stats().logs
    assert (ledger.received, ledger.stored, ledger.rejected, ledger.pending, ledger.lost) == (9, 7, 2, 0, 0)
    assert journal.stats().spans.received == 0
    found = engine.query(
        "SELECT count() AS n, any(service) AS service FROM logs"
        " WHERE resource_id IN (SELECT resource_id FROM resources WHERE service = 'till')"
    ).table.to_pylist()
    assert found == [{"n": 7, "service": "till"}]


def test_a_clock_that_jumps_loses_nothing(engine: EmbeddedEngine, tmp_path: Path) -> None:
    """Groups received a month ahead and three days back of each other, in one segment, are all stored."""
    clocks = (START_NS, START_NS + 30 * DAY_NS, START_NS - 3 * DAY_NS)
    groups = [GroupSource(50 + number, now_ns=now).group() for number, now in enumerate(clocks)]
    rows = sum(group.spans.num_rows for group in groups if group.spans is not None)
    ledger = _store(engine, tmp_path / "journal", groups).stats().spans
    assert (ledger.received, ledger.stored, ledger.pending, ledger.lost) == (rows, rows, 0, 0)
    found = engine.query("SELECT count() AS n, uniqExact(toDate(bucket)) AS days FROM spans").table.to_pylist()
    assert found[0]["n"] == rows
    assert found[0]["days"] >= len(clocks)
