"""A receiver in a thread of its own: the real listeners, codec and journal, on free ports."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import uvloop

from clew.access import Authenticator
from clew.codec import LogBuilder, SpanBuilder
from clew.config import load
from clew.journal import Group, JournalSettings, LocalJournal
from clew.journal.protocol import Durable
from clew.receive import Budget, Builders, Edge, Intake, OtlpGrpcServer, OtlpHttpServer, Refusals
from clew.telemetry import Metrics

RETENTION_S = 30 * 86_400
FREE_PORTS = {"listen.otlp_http.port": 0, "listen.otlp_grpc.port": 0}


class HeldJournal:
    """Answers when the test says so: for what a slow, full or failing journal does to receivers."""

    def __init__(self) -> None:
        self.held: list[tuple[Group, Durable]] = []
        self.free_bytes = 1 << 30
        self.arrived = threading.Event()
        self._lock = threading.Lock()

    def append(self, group: Group, done: Durable) -> None:
        """Keep a group until `answer`."""
        with self._lock:
            self.held.append((group, done))
            self.arrived.set()

    def room(self) -> int:
        """Return what the test has set."""
        return self.free_bytes

    def answer(self, error: Exception | None = None) -> None:
        """Answer every group held."""
        with self._lock:
            self.arrived.clear()
            held, self.held = self.held, []
        for _, done in held:
            done(error)


class Served:
    """A running receiver and what its tests look into."""

    def __init__(self, directory: Path, journal: Any = None, **overrides: Any) -> None:
        keys = {key.replace("__", "."): value for key, value in overrides.items()}
        self.config = load(overrides={**FREE_PORTS, **keys})
        self.metrics = Metrics()
        self.refusals = Refusals(self.metrics)
        self.own_journal = LocalJournal(directory, JournalSettings()) if journal is None else None
        self.journal = journal or self.own_journal
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start and wait until both listeners are up."""
        if self.own_journal is not None:
            self.own_journal.start()
        self._thread.start()
        assert self._ready.wait(30)
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Drain and end; safe twice."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(30)
        if self.own_journal is not None:
            self.own_journal.stop()

    def call(self, function: Any, *arguments: Any) -> Any:
        """Return what `function` returns on the event loop."""

        async def run() -> Any:
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)

    def await_(self, coroutine: Any) -> Any:
        """Return what a coroutine returns on the event loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def used(self) -> int:
        """Return the bytes charged now."""
        return int(self.call(lambda: self.budget.used))

    def wait_used(self, size: int) -> None:
        """Wait until exactly `size` bytes are charged."""
        for _ in range(3000):
            if self.used() == size:
                return
            threading.Event().wait(0.002)
        raise AssertionError(f"{self.used()} bytes are charged, not {size}")

    def connect(self, timeout_s: float = 30) -> socket.socket:
        """Open a connection to the HTTP listener."""
        return socket.create_connection(("127.0.0.1", self.http.port), timeout_s)

    def rows(self, signal: str = "spans") -> list[dict[str, Any]]:
        """Return every row in the journal's sealed segments, which are then gone."""
        assert self.own_journal is not None
        self.own_journal.seal()
        rows: list[dict[str, Any]] = []
        while (segment := self.own_journal.next_sealed(0)) is not None:
            if signal in segment.paths:
                with pa.ipc.open_stream(segment.paths[signal]) as reader:
                    rows += reader.read_all().to_pylist()
            spans, logs = segment.rows.get("spans", 0), segment.rows.get("logs", 0)
            self.own_journal.commit(segment, stored_spans=spans, stored_logs=logs)
        return rows

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        try:
            await self._build()
        except BaseException as error:  # noqa: BLE001 - shown in the test
            self._error = error
            self._ready.set()
            return
        self._ready.set()
        await self._ended.wait()
        self.budget.close()
        await self.http.stop(5)
        await self.grpc.stop(5)
        await asyncio.to_thread(self.intake.stop)

    async def _build(self) -> None:
        limits = self.config.limits

        def builders() -> Builders:
            bounds = {"retention_s": RETENTION_S, "max_decoded_bytes": limits.decoded_max_bytes}
            return Builders(SpanBuilder(**bounds), LogBuilder(**bounds))

        self.intake = Intake(
            self.journal,
            builders,
            loop=self.loop,
            metrics=self.metrics,
            decoded_max_bytes=limits.decoded_max_bytes,
        )
        self.intake.start()
        self.budget = Budget(
            limits.inflight_max_bytes,
            decoded_max_bytes=limits.decoded_max_bytes,
            room=self.journal.room,
            metrics=self.metrics,
        )
        self.edge = Edge(
            self.intake,
            self.budget,
            Authenticator(self.config.tokens),
            limits,
            self.config.cors,
            self.metrics,
            self.refusals,
        )
        self.http = OtlpHttpServer(self.config.listen.otlp_http, self.edge)
        self.grpc = OtlpGrpcServer(self.config.listen.otlp_grpc, self.edge)
        await self.http.start()
        await self.grpc.start()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One receiver with default limits for all tests that do not change it."""
    running = Served(
        tmp_path_factory.mktemp("journal"), cors__origins=["https://*.example.com"], cors__headers=["x-own"]
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Any]:
    """Start receivers with other options: `serve(limits__idle_timeout_s=0.2, journal=...)`."""
    started: list[Served] = []

    def start(**options: Any) -> Served:
        running = Served(tmp_path / f"journal{len(started)}", **options)
        started.append(running)
        running.start()
        return running

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def held() -> HeldJournal:
    """A journal that answers when the test says so."""
    return HeldJournal()
