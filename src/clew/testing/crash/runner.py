"""One crash run: a data directory, many processes after one another."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from clew.testing.crash.loss import LossError
from clew.testing.crash.tables import check_tables
from clew.testing.load import Load
from clew.testing.running import RunningClew
from clew.testing.send import GrpcSender, HttpSender, Sender
from clew.testing.traces import Prepared, TraceSource

_SPANS_PER_REQUEST = 96
_LONGEST_S = 1.2
_EARLY_SHARE = 0.1
"""How often it is killed while it starts, too."""
_PAGE = 1000
_BEFORE_NS = 5_000_000_000
_PATIENCE_S = 300.0
"""How long a start and what is pending may take: a machine that does other work as well is slow, not wrong."""
_EXPORTED = 3
"""Traces of each kill that are exported whole."""


@dataclass(slots=True)
class CrashRun:
    """Counts what was acknowledged over all kills, and what was found again."""

    directory: Path
    rng: Random
    config: Mapping[str, Any] = field(default_factory=dict)
    rate: float = 12_000.0
    acked: dict[str, int] = field(default_factory=dict)
    """Trace id to its number of spans, for every acknowledged trace."""
    unanswered: dict[str, int] = field(default_factory=dict)
    """Traces that were sent and not acknowledged: they may be there, whole and once, or not at all."""
    present: dict[str, int] = field(default_factory=dict)
    """Every trace that search has found so far."""
    kills: int = 0
    started_s: list[float] = field(default_factory=list)
    _since_ns: int = 0
    _next_request: int = 0
    _source: TraceSource | None = None
    _clew: RunningClew | None = None

    @property
    def clew(self) -> RunningClew:
        """The process, made at its first use."""
        if self._clew is None:
            self._clew = RunningClew(self.directory, config=self.config)
        return self._clew

    def kill_once(self) -> None:
        """Load, kill -9 at a random moment, start again, check.

        Raises:
            LossError: an acknowledged trace is missing or wrong.
        """
        if self.clew.process is None:
            self.clew.start(wait_s=_PATIENCE_S)
        self._load_and_kill()
        if self.rng.random() < _EARLY_SHARE:
            self.clew.start(wait_s=0)
            time.sleep(self.rng.uniform(0.1, 2.0))
            self.clew.kill()
            self.kills += 1
        began = time.perf_counter()
        self.clew.start(wait_s=_PATIENCE_S)
        self.started_s.append(time.perf_counter() - began)
        status = self.clew.wait_drained(_PATIENCE_S)
        self._check(status)

    def finish(self) -> None:
        """Stop it in order and count the tables themselves.

        Raises:
            LossError: a table holds a row too few or too many.
        """
        self.clew.restart(wait_s=_PATIENCE_S)
        ledger = self.clew.wait_drained(_PATIENCE_S)["ledger"]
        code = self.clew.stop()
        if code:
            raise LossError(f"SIGTERM ended with {code}:\n{self.clew.log()[-4000:]}")
        check_tables(self.clew.data_dir / "engine", self.acked, self.unanswered, stored=ledger["stored"])

    def _load_and_kill(self) -> None:
        self._since_ns = time.time_ns() - _BEFORE_NS
        load = Load(
            self._requests(),
            self._connect,
            concurrency=self.rng.choice((1, 4, 16)),
            rate=self.rate * self.rng.uniform(0.2, 2.0),
            stop_on_failure=True,
            on_ack=self._acked,
            on_send=self._sent,
        )
        asyncio.run(self._kill_during(load, self.rng.uniform(0.02, _LONGEST_S)))
        self.kills += 1

    async def _kill_during(self, load: Load, after_s: float) -> None:
        task = asyncio.ensure_future(load.run())
        await asyncio.sleep(after_s)
        load.stop()
        self.clew.kill()
        await task

    def _requests(self) -> Iterator[Prepared]:
        if self._source is None:
            self._source = TraceSource(self.rng.randrange(1 << 32), spans=_SPANS_PER_REQUEST, templates=12)
        for number in itertools.count(self._next_request):
            self._next_request = number + 1
            yield self._source.request(number, time.time_ns())

    def _connect(self) -> Sender:
        if self.kills % 3 == 2:  # noqa: PLR2004 - every third kill is under gRPC load
            return GrpcSender(self.clew.otlp_grpc_url)
        return HttpSender(self.clew.otlp_http_url)

    def _sent(self, prepared: Prepared) -> None:
        self.unanswered.update(_traces(prepared))

    def _acked(self, prepared: Prepared) -> None:
        for trace, spans in _traces(prepared).items():
            self.acked[trace] = spans
            self.unanswered.pop(trace, None)

    def _check(self, status: dict[str, Any]) -> None:
        """Compare the ledger and every trace that search finds with what was acknowledged so far."""
        ledger = status["ledger"]
        parts = ("stored", "pending", "sampled_out", "rejected", "lost")
        if ledger["received"] != sum(ledger[part] for part in parts) or ledger["lost"]:
            raise LossError(f"the ledger does not add up: {ledger}")
        self.present.update(self._search())
        missing = [trace for trace in self.acked if trace not in self.present]
        if missing:
            raise LossError(f"{len(missing)} acknowledged traces are missing after kill {self.kills}: {missing[:5]}")
        expected = {**self.unanswered, **self.acked}
        wrong = [(trace, n, expected.get(trace)) for trace, n in self.present.items() if n != expected.get(trace)]
        if wrong:
            raise LossError(f"{len(wrong)} traces have a wrong number of spans after kill {self.kills}: {wrong[:5]}")
        if ledger["stored"] != sum(self.present.values()):
            raise LossError(f"the ledger says {ledger['stored']} stored, search found {sum(self.present.values())}")
        for trace in self.rng.sample(sorted(self.acked), min(_EXPORTED, len(self.acked))):
            self._check_export(trace)

    def _search(self) -> dict[str, int]:
        """Return every trace since the last load began, with its number of spans."""
        found: dict[str, int] = {}
        body: dict[str, Any] = {"q": "{ }", "from": str(self._since_ns), "to": "now", "limit": _PAGE}
        while True:
            page = self.clew.post("/search", body)["data"]
            for row in page["traces"]:
                if row["trace_id"] in found:
                    raise LossError(f"search returns trace {row['trace_id']} twice")
                found[row["trace_id"]] = row["spans"]
            if page["cursor"] is None:
                return found
            body["cursor"] = page["cursor"]

    def _check_export(self, trace: str) -> None:
        answer = self.clew.get(f"/traces/{trace}/export?format=otlp-json")
        spans = [
            span["spanId"]
            for group in answer["resourceSpans"]
            for scope in group["scopeSpans"]
            for span in scope["spans"]
        ]
        if len(spans) != self.acked[trace] or len(set(spans)) != len(spans):
            raise LossError(f"trace {trace} was exported with {len(spans)} spans, {self.acked[trace]} were sent")


def _traces(prepared: Prepared) -> dict[str, int]:
    return {trace.hex(): spans for trace, spans in zip(prepared.trace_ids, prepared.spans_of, strict=True)}
