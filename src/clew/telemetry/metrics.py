"""Every metric of Clew, declared in this one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

_FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.25, 1.0, 5.0)
_SLOW_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_ROWS = (1.0, 10.0, 100.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0, 20000.0, 50000.0, 100000.0)
_AnyMetric = TypeVar("_AnyMetric", Counter, Gauge, Histogram)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the reference says about a metric."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...]


class Metrics:
    """The registry and its metrics; one per process, passed to whoever counts."""

    content_type = CONTENT_TYPE_LATEST
    """Content type of `render`."""

    def __init__(self) -> None:
        # a second series for each counter and histogram, which nobody reads
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.declarations: list[Declaration] = []
        self._refreshers: list[Callable[[], None]] = []
        self._receive()
        self._ledger_and_journal()
        self._pipeline()
        self._settle()
        self._store()
        self._read()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def on_render(self, refresh: Callable[[], None]) -> None:
        """Call `refresh` before each rendering; it sets gauges from a component's `stats()`."""
        self._refreshers.append(refresh)

    def render(self) -> bytes:
        """Return all metrics in the Prometheus text format."""
        for refresh in self._refreshers:
            refresh()
        return generate_latest(self.registry)

    def _receive(self) -> None:
        self.receive_requests = self._add(
            Counter,
            "clew_receive_requests_total",
            "Requests answered, by protocol (http, grpc), signal (traces, logs) and outcome (ok, partial, refused).",
            "protocol signal outcome",
        )
        self.receive_refused = self._add(
            Counter,
            "clew_receive_requests_refused_total",
            "Requests of which nothing was kept, by protocol and error code.",
            "protocol code",
        )
        self.receive_bytes = self._add(
            Counter, "clew_receive_bytes_total", "Request bodies as they were sent, in bytes.", "protocol"
        )
        self.receive_rows = self._add(
            Counter, "clew_receive_rows_total", "Spans and log records acknowledged, by signal.", "signal"
        )
        self.receive_rejected = self._add(
            Counter,
            "clew_receive_rows_rejected_total",
            "Spans and log records refused by partial success, by signal and reason.",
            "signal reason",
        )
        self.receive_inflight = self._add(
            Gauge, "clew_receive_inflight_bytes", "Bytes of requests held in memory, decompression included."
        )
        self.receive_inflight_max = self._add(
            Gauge, "clew_receive_inflight_max_bytes", "Limit of clew_receive_inflight_bytes."
        )
        self.receive_connections = self._add(Gauge, "clew_receive_connections", "Open OTLP/HTTP connections.")
        self.receive_ack = self._add(
            Histogram,
            "clew_receive_ack_seconds",
            "From the complete request to the durable acknowledgement.",
            buckets=_FAST_S,
        )
        self.receive_group_rows = self._add(
            Histogram, "clew_receive_group_rows", "Rows of one group commit.", buckets=_ROWS
        )

    def _ledger_and_journal(self) -> None:
        self.ledger = self._add(
            Gauge,
            "clew_ledger_rows",
            "The ledger by signal and state: received = stored + pending + sampled_out + rejected + lost.",
            "signal state",
        )
        self.ledger_lost = self._add(
            Gauge, "clew_ledger_lost_rows", "Rows lost, by signal and reason.", "signal reason"
        )
        self.journal_bytes = self._add(Gauge, "clew_journal_bytes", "Bytes in the journal.")
        self.journal_max_bytes = self._add(Gauge, "clew_journal_max_bytes", "Size at which the journal refuses.")
        self.journal_segments = self._add(Gauge, "clew_journal_segments", "Segments in the journal.")
        self.journal_quarantined = self._add(
            Gauge, "clew_journal_quarantined_segments", "Segments that the engine refused for good."
        )
        self.journal_oldest_offset = self._add(
            Gauge, "clew_journal_oldest_segment", "Number of the oldest segment that is not stored yet."
        )
        self.journal_lag = self._add(Gauge, "clew_journal_lag_seconds", "Age of the oldest row that is not stored yet.")
        self.journal_commit = self._add(
            Histogram, "clew_journal_commit_seconds", "Write and sync of one group.", buckets=_FAST_S
        )

    def _pipeline(self) -> None:
        self.pipeline_rows = self._add(
            Counter, "clew_pipeline_rows_stored_total", "Rows inserted into the engine, by table.", "table"
        )
        self.pipeline_insert = self._add(
            Histogram, "clew_pipeline_insert_seconds", "One insert, by table.", "table", buckets=_SLOW_S
        )
        self.pipeline_retries = self._add(
            Counter, "clew_pipeline_retries_total", "Inserts repeated, by error code.", "code"
        )

    def _settle(self) -> None:
        self.settle_traces = self._add(Counter, "clew_settle_traces_total", "Traces settled, each time they grow.")
        self.settle_spans = self._add(Counter, "clew_settle_spans_total", "Spans read to settle their traces.")
        self.settle_again = self._add(Counter, "clew_settle_again_total", "Traces settled again since they had grown.")
        self.settle_inexact = self._add(
            Counter,
            "clew_settle_inexact_total",
            "Traces that grew out of order around their settling: edges, errors and shapes keep what they had.",
        )
        self.settle_errors = self._add(Counter, "clew_settle_errors_total", "Failures, by error code.", "code")
        self.settle_seconds = self._add(
            Histogram, "clew_settle_seconds", "One run over the traces that were due.", buckets=_SLOW_S
        )
        self.settle_pending = self._add(Gauge, "clew_settle_pending_traces", "Traces known to have grown.")
        self.settle_lag = self._add(
            Gauge, "clew_settle_lag_seconds", "For how long the oldest pending trace could have been settled."
        )

    def _store(self) -> None:
        self.store_bytes = self._add(Gauge, "clew_store_bytes", "Bytes on disk, by table.", "table")
        self.store_free_bytes = self._add(Gauge, "clew_store_free_bytes", "Free bytes on the volume.")
        self.store_parts = self._add(Gauge, "clew_store_parts", "Active parts, by table.", "table")
        self.store_dropped_partitions = self._add(
            Counter, "clew_store_partitions_dropped_total", "Partitions dropped to keep the disk budget.", "table"
        )
        self.store_up = self._add(Gauge, "clew_store_up", "1 when the engine answers.")

    def _read(self) -> None:
        self.query_seconds = self._add(Histogram, "clew_query_seconds", "One read, by kind.", "kind", buckets=_SLOW_S)
        self.query_wait = self._add(
            Histogram,
            "clew_query_wait_seconds",
            "How long a read waited for its turn, by kind.",
            "kind",
            buckets=_SLOW_S,
        )
        self.query_refused = self._add(
            Counter,
            "clew_query_refused_total",
            "Reads that ended with an error, by kind and reason: the error code, or limit_ and the limit passed.",
            "kind reason",
        )
        self.query_cancelled = self._add(
            Counter, "clew_query_cancelled_total", "Reads that nobody waited for to the end, by kind.", "kind"
        )
        self.query_running = self._add(Gauge, "clew_query_running", "Reads that run now.")
        self.query_queued = self._add(Gauge, "clew_query_queued", "Reads that wait for a reader.")
        self.query_rows = self._add(Counter, "clew_query_rows_read_total", "Rows read from tables by queries.")
        self.api_requests = self._add(
            Histogram,
            "clew_api_request_seconds",
            "One request to the main port, by route and status.",
            "route status",
            buckets=_SLOW_S,
        )

    def _add(
        self,
        kind: type[_AnyMetric],
        name: str,
        text: str,
        labels: str = "",
        buckets: tuple[float, ...] | None = None,
    ) -> _AnyMetric:
        names = tuple(labels.split())
        self.declarations.append(Declaration(name, kind.__name__.lower(), text, names))
        if buckets is not None:
            return kind(name, text, names, registry=self.registry, buckets=buckets)  # type: ignore[call-arg]
        return kind(name, text, names, registry=self.registry)
