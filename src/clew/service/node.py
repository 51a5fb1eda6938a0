"""One running Clew: every component, started in order and drained in reverse."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import FastAPI

from clew.access import Authenticator
from clew.api import ApiDeps, create_app
from clew.api.deps import StatusSource
from clew.api.jaeger import create_jaeger_app
from clew.api.zipkin import create_zipkin_app
from clew.codec import LogBuilder, SpanBuilder
from clew.config import Config
from clew.derive import Settler
from clew.journal import JournalSettings, LocalJournal
from clew.pipeline import Processor
from clew.query.reader import Reader
from clew.query.saved import SavedQueries
from clew.receive import Budget, Builders, Edge, GrpcListener, Intake, OtlpGrpcServer, OtlpHttpServer, Refusals
from clew.service.actions import Actions
from clew.service.chores import housekeeper
from clew.service.directory import open_directory
from clew.service.disk import DiskWatch
from clew.service.engine import AnyEngine, alone_since_ns, bring_up_to_date, open_engine
from clew.service.gauges import mirror
from clew.service.jaeger_ports import query_port, storage_port
from clew.service.listeners import (
    JAEGER_GRPC,
    JAEGER_HTTP,
    JAEGER_STORAGE,
    MAIN,
    SAMPLING_GRPC,
    SAMPLING_HTTP,
    ZIPKIN,
    Listeners,
)
from clew.service.memory import give_back
from clew.service.reading import caught_up, per_tenant, read_limits, sql_settings
from clew.service.sampling_ports import SamplingPorts
from clew.service.status import StatusBoard
from clew.service.tempo_port import KEY as TEMPO
from clew.service.tempo_port import TempoPort
from clew.telemetry import Metrics
from clew.web import STATIC, mount

_log = structlog.get_logger(__name__)
_DAY_S = 86_400
_READY_POLL_S = 2.0

Undo = Callable[[], Awaitable[None]]


def _main_app(deps: ApiDeps) -> FastAPI:
    """Return our own API with the pages behind it."""
    app = create_app(deps)
    mount(app)
    return app


_WEB: dict[str, Callable[[ApiDeps], Any]] = {MAIN: _main_app, JAEGER_HTTP: create_jaeger_app, ZIPKIN: create_zipkin_app}
"""What is served on each web port."""


class Node:
    """Everything of `clew up` in one process. `start` once, then `stop`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.metrics = Metrics()
        self.listeners = Listeners(config.listen)
        self.sampling = SamplingPorts(config)
        self._undo: list[tuple[str, Undo]] = []

    @property
    def ports(self) -> dict[str, int]:
        """Port per key of the configuration."""
        return self.listeners.ports

    async def start(self) -> None:
        """Start in the order of the data flow, backwards: who receives comes last.

        Raises:
            ClewError: something cannot be started; what was started before is stopped.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop in reverse. Safe twice, and after a start that failed."""
        while self._undo:
            name, undo = self._undo.pop()
            _log.debug("stopping", part=name)
            try:
                await undo()
            except Exception:  # noqa: BLE001 - the rest has to be stopped all the same
                _log.exception("stopping failed", part=name)

    async def _start(self) -> None:
        self._on_stop("ports", self.listeners.release)
        self.listeners.claim()
        config = self.config
        directory = await asyncio.to_thread(open_directory, config.data_dir)
        self._on_stop("data directory", directory.close)
        engine = await asyncio.to_thread(open_engine, config.storage, config.data_dir)
        self._on_stop("engine", engine.close)
        await asyncio.to_thread(self._prepare, engine)
        journal = LocalJournal(directory.journal, _journal_settings(config))
        await asyncio.to_thread(journal.start)
        self._on_stop("journal", journal.stop)
        settler = Settler(
            engine,
            directory.derive,
            ids=lambda: secrets.token_hex(16),
            metrics=self.metrics,
            told_since_ns=alone_since_ns(engine),
            after_lot=give_back,
        )
        processor = Processor(journal, engine, metrics=self.metrics, grown=settler.stored)
        disk = DiskWatch(engine, config.data_dir)
        await asyncio.to_thread(disk.stored)
        refusals = Refusals(self.metrics)
        status = self._status(engine, journal, processor, settler=settler, disk=disk, refusals=refusals)
        mirror(self.metrics, journal, disk, settler)
        deps = self._deps(engine, Actions(engine, journal, settler), status, journal)
        await self._start_reading(deps)
        keeper = housekeeper(config, engine, journal, self.metrics)
        keeper.start()
        self._on_stop("housekeeping", keeper.stop)
        settler.start()
        self._on_stop("settling", settler.stop)
        processor.start()
        self._on_stop("processor", processor.stop)
        await self._start_receiving(journal, refusals, deps)
        status.serving(self.ports, self.listeners.missed)
        self._on_stop("readiness", status.stopping)

    def _prepare(self, engine: AnyEngine) -> None:
        report = bring_up_to_date(self.config, engine)
        if report.applied:
            _log.info("tables brought up to date", applied=report.applied, version=report.version)

    def _status(
        self,
        engine: AnyEngine,
        journal: LocalJournal,
        processor: Processor,
        *,
        settler: Settler,
        disk: DiskWatch,
        refusals: Refusals,
    ) -> StatusBoard:
        found = engine.query("SELECT version() AS version").table.to_pylist()
        return StatusBoard(
            self.config,
            journal=journal,
            processor=processor,
            settler=settler,
            disk=disk,
            refusals=refusals,
            engine=(engine.kind, str(found[0]["version"])),
            version=version("clew"),
            pages=(STATIC / "index.html").exists(),
        )

    def _deps(self, engine: AnyEngine, actions: Actions, status: StatusBoard, journal: LocalJournal) -> ApiDeps:
        """Return what every reading API needs."""
        query = self.config.query
        reader = Reader(
            engine,
            readers=query.readers,
            queue=query.queue,
            per_tenant=per_tenant(self.config),
            per_asker=query.max_per_token,
            limits=read_limits(self.config),
            metrics=self.metrics,
            asked=partial(caught_up, journal),
        )
        self._on_stop("readers", reader.close)
        numbers, process = itertools.count(1), secrets.token_hex(4)
        return ApiDeps(
            reader=reader,
            authenticator=Authenticator(self.config.tokens),
            status=status,
            actions=actions,
            metrics_text=self.metrics.render,
            saved=SavedQueries(engine),
            sql=sql_settings(self.config),
            version=version("clew"),
            retention_days=self.config.storage.retention_days,
            request_id=lambda: f"{process}-{next(numbers)}",
        )

    async def _start_reading(self, deps: ApiDeps) -> None:
        """Open the main port and those of other systems' APIs: reading works as soon as the engine does."""
        self._undo.append(("web ports", self.listeners.stop))
        for key, make in _WEB.items():
            if self.listeners.open(key):
                await self.listeners.serve(key, make(replace(deps, allowed_hosts=self.listeners.hosts(key))))
        if listener := self.listeners.open(TEMPO):
            tempo = TempoPort(listener, deps, self.config.limits, self.config.data_dir)
            self._undo.append(("Tempo's port", tempo.stop))
            await tempo.start()
            self.ports[TEMPO] = tempo.port
        if listener := self.listeners.open(JAEGER_GRPC):
            await self._open(query_port(listener, deps))
        if self.listeners.open(SAMPLING_HTTP):
            await self.listeners.serve(SAMPLING_HTTP, self.sampling.web())
        if listener := self.listeners.open(SAMPLING_GRPC):
            await self._open(self.sampling.rpc(listener))

    async def _open(self, port: GrpcListener) -> None:
        self._undo.append((port.key, port.stop))
        await port.start()
        self.ports[port.key] = port.port

    async def _start_receiving(self, journal: LocalJournal, refusals: Refusals, deps: ApiDeps) -> None:
        """Open the OTLP ports; from here on spans come in."""
        config, limits = self.config, self.config.limits
        retention_s = config.storage.retention_days * _DAY_S

        def builders() -> Builders:
            most = limits.decoded_max_bytes
            return Builders(
                SpanBuilder(retention_s=retention_s, max_decoded_bytes=most),
                LogBuilder(retention_s=retention_s, max_decoded_bytes=most),
            )

        intake = Intake(
            journal,
            builders,
            loop=asyncio.get_running_loop(),
            metrics=self.metrics,
            decoded_max_bytes=limits.decoded_max_bytes,
        )
        intake.start()
        self._on_stop("intake", intake.stop)
        budget = Budget(
            limits.inflight_max_bytes,
            decoded_max_bytes=limits.decoded_max_bytes,
            room=journal.room,
            metrics=self.metrics,
        )
        edge = Edge(intake, budget, Authenticator(config.tokens), limits, config.cors, self.metrics, refusals)
        http = OtlpHttpServer(config.listen.otlp_http, edge)
        grpc: list[GrpcListener] = [OtlpGrpcServer(config.listen.otlp_grpc, edge)]
        if listener := self.listeners.open(JAEGER_STORAGE):
            grpc.append(storage_port(listener, deps, edge))

        following = asyncio.create_task(_follow(deps.status, grpc))

        async def close() -> None:
            budget.close()
            following.cancel()
            await asyncio.gather(http.stop(), *(one.stop() for one in grpc))

        self._undo.append(("receivers", close))
        await http.start()
        self.ports[http.key] = http.port
        for one in grpc:
            await one.start()
            self.ports[one.key] = one.port

    def _on_stop(self, name: str, undo: Callable[[], None]) -> None:
        self._undo.append((name, lambda: asyncio.to_thread(undo)))


async def _follow(status: StatusSource, grpc: Sequence[GrpcListener]) -> None:
    """Tell gRPC health watchers what /readyz tells, whenever it changes."""
    told = True
    while True:
        await asyncio.sleep(_READY_POLL_S)
        ready, _ = await asyncio.to_thread(status.ready)
        if ready != told:
            told = ready
            for one in grpc:
                await one.set_ready(ready=ready)


def _journal_settings(config: Config) -> JournalSettings:
    section = config.journal
    return JournalSettings(
        max_bytes=section.max_bytes,
        segment_max_rows=section.segment_max_rows,
        segment_max_bytes=section.segment_max_bytes,
        interval_s=section.interval_s,
        idle_interval_s=section.idle_interval_s,
        unread_interval_s=section.unread_interval_s,
        compression=section.compression,
        reserve_bytes=section.reserve_bytes,
    )
