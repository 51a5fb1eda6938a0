"""ClickHouse inside the process (chdb)."""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from clew.store.embedded_config import EmbeddedConfig, config_xml
from clew.store.engine import ArrowBatches, InsertSource, Limits, Param, QueryStats, Result
from clew.store.errors import EngineUnavailableError, QueryCancelledError, StoreError
from clew.store.failures import Action, failure
from clew.store.lock import DirectoryLock
from clew.store.params import bind, literal
from clew.store.settings import QUERY_BASE, Settings, insert_settings, limit_settings, settings_clause

_EMBEDDED: Settings = {"output_format_arrow_compression_method": "none"}
_CANCEL_TRIES = 50
_CANCEL_PAUSE_S = 0.01


class EmbeddedEngine:
    """The `Engine` of a data directory; one per process.

    Each call takes a connection of its own from a pool, so threads do not wait for one another. A connection whose
    call failed or was cancelled is closed: the next answer on it could lack its first rows.
    """

    kind = "embedded"

    def __init__(self, directory: Path, config: EmbeddedConfig | None = None) -> None:
        """Open the directory, making it when it does not exist.

        Raises:
            DirectoryInUseError: another process has it.
            EngineUnavailableError: it cannot be opened.
        """
        self.directory = directory.absolute()
        self.config = config or EmbeddedConfig()
        self._lock = DirectoryLock(self.directory)
        self._pool_lock = threading.Lock()
        self._idle: list[Any] = []
        self._running: set[str] = set()
        self._cancelled: set[str] = set()
        self._closed = False
        self._lock.acquire()
        try:
            self._target = self._write_config()
            self._idle.append(self._connect())
        except BaseException:
            self._lock.release()
            raise

    def _write_config(self) -> str:
        backups = self.config.backup_dirs or (self.directory / "backups",)
        for path in backups:
            path.mkdir(parents=True, exist_ok=True)
        file = self.directory / "engine.xml"
        file.write_text(config_xml(self.config, self.directory))
        return f"{self.directory / 'data'}?config-file={file}"

    def _connect(self) -> Any:
        chdb = importlib.import_module("chdb._chdb")  # late: half a second that other commands need not pay
        try:
            return chdb.connect(self._target)
        except RuntimeError as error:
            raise EngineUnavailableError(
                str(error), hint=f"The engine cannot open {self.directory}: see the message."
            ) from error

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Any]:
        with self._pool_lock:
            if self._closed:
                raise EngineUnavailableError("the engine is closed")
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            yield connection
        except BaseException:
            # see the class: never used again
            connection.close()
            raise
        self._give_back(connection)

    def _give_back(self, connection: Any) -> None:
        with self._pool_lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _run(self, sql: str, action: Action, params: Mapping[str, Param] | None, limits: Limits | None) -> Any:
        with self._connection() as connection:
            try:
                answer = connection.query(sql, "ArrowStream", params=bind(params))
            except RuntimeError as error:
                raise failure(str(error), action, limits=limits) from error
            if action == "read" and not answer.bytes():  # even an answer without rows has a schema
                raise EngineUnavailableError("the engine gave no answer", hint="Ask again; see the log of the engine.")
            return answer

    def prepare(self) -> None:
        """Check that the engine answers."""
        self._run("SELECT 1", "read", None, None)

    def execute(self, sql: str, params: Mapping[str, Param] | None = None, *, timeout_s: float = 60.0) -> None:
        """Run a statement without a result."""
        with self._connection() as connection:
            try:
                connection.query(f"SET max_execution_time = {timeout_s!r}")
                connection.query(sql, "ArrowStream", params=bind(params))
                connection.query("SET max_execution_time = 0")
            except RuntimeError as error:
                raise failure(str(error), "execute", limits=Limits(timeout_s=timeout_s)) from error

    def insert(self, table: str, source: InsertSource, *, token: str) -> None:
        """Insert an Arrow stream from its file or from memory; see `Engine.insert`."""
        fd = _memory_file(source) if isinstance(source, ArrowBatches) else os.open(source.path, os.O_RDONLY)
        try:
            self._run(
                f"INSERT INTO {table} FROM INFILE {literal(f'/proc/self/fd/{fd}')} COMPRESSION 'none' "
                f"SETTINGS {settings_clause(insert_settings(token))} FORMAT ArrowStream",
                "insert",
                None,
                None,
            )
        finally:
            os.close(fd)

    def query(
        self,
        sql: str,
        params: Mapping[str, Param] | None = None,
        *,
        limits: Limits | None = None,
        query_id: str = "",
    ) -> Result:
        """Run a SELECT; see `Engine.query`."""
        limits = limits or Limits()
        statement = _read_sql(sql, limits, query_id)
        with self._registered(query_id):
            answer = self._run(statement, "read", params, limits)
        table = pa.ipc.open_stream(answer.bytes()).read_all()
        return Result(table, QueryStats(answer.storage_rows_read(), answer.storage_bytes_read(), answer.elapsed()))

    def stream(
        self,
        sql: str,
        params: Mapping[str, Param] | None = None,
        *,
        limits: Limits | None = None,
        query_id: str = "",
        told: Callable[[QueryStats], None] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Run a SELECT and yield its batches; see `Engine.stream`."""
        limits = limits or Limits()
        statement = _read_sql(sql, limits, query_id)
        with self._registered(query_id), self._connection() as connection:
            answer = None
            try:
                answer = connection.send_query(statement, "ArrowStream", params=bind(params))
                while data := (part := connection.streaming_fetch_result(answer)).bytes():
                    if told is not None:
                        told(QueryStats(part.storage_rows_read(), part.storage_bytes_read(), part.elapsed()))
                    yield from pa.ipc.open_stream(data)
                answer = None
            except RuntimeError as error:
                answer = None
                raise failure(str(error), "read", limits=limits) from error
            finally:
                if answer is not None:
                    connection.streaming_cancel_query(answer)

    @contextlib.contextmanager
    def _registered(self, query_id: str) -> Iterator[None]:
        """Let `cancel` find a query from before it starts until it has ended."""
        if not query_id:
            yield
            return
        with self._pool_lock:
            self._running.add(query_id)
        try:
            yield
        except StoreError as error:
            if query_id in self._cancelled:
                raise QueryCancelledError(f"query {query_id} was cancelled") from error
            raise
        finally:
            with self._pool_lock:
                self._running.discard(query_id)
                self._cancelled.discard(query_id)

    def cancel(self, query_id: str) -> None:
        """End a query; see `Engine.cancel`."""
        kill = f"KILL QUERY WHERE Settings['log_comment'] = {literal(query_id)} ASYNC"
        for _ in range(_CANCEL_TRIES):
            with self._pool_lock:
                if query_id not in self._running:
                    return
                self._cancelled.add(query_id)
            self._run(kill, "execute", None, None)
            time.sleep(_CANCEL_PAUSE_S)

    def close(self) -> None:
        """Close all connections and free the directory; safe twice. Running calls end first."""
        with self._pool_lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        self._lock.release()


def _read_sql(sql: str, limits: Limits, query_id: str) -> str:
    settings = {**QUERY_BASE, **_EMBEDDED, **limit_settings(limits)}
    if limits.nice:
        settings["os_threads_nice_value_query"] = limits.nice
    if query_id:
        settings["log_comment"] = query_id
    return f"{sql}\nFORMAT ArrowStream\nSETTINGS {settings_clause(settings)}"


def _memory_file(source: ArrowBatches) -> int:
    """Write batches as one Arrow stream into a file in memory; return its descriptor."""
    fd = os.memfd_create("clew-insert", os.MFD_CLOEXEC)
    try:
        with (
            pa.OSFile(f"/proc/self/fd/{fd}", "wb") as file,
            pa.ipc.new_stream(file, source.batches[0].schema) as writer,
        ):
            for batch in source.batches:
                writer.write_batch(batch)
    except BaseException:
        os.close(fd)
        raise
    return fd
