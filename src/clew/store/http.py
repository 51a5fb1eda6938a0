"""ClickHouse over HTTP: a server or a cluster, Arrow streams both ways."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyarrow as pa

from clew.store.arrow_http import BodyReader
from clew.store.engine import ArrowBatches, ArrowFile, InsertSource, Limits, Param, QueryStats, Result
from clew.store.errors import EngineUnavailableError, InsertRefusedError, QueryError, StoreError
from clew.store.failures import Action, failure
from clew.store.params import bind, literal
from clew.store.settings import QUERY_BASE, Settings, insert_settings, limit_settings

_CODE_HEADER = "X-ClickHouse-Exception-Code"
_GRACE_S = 10.0
_CHUNK_BYTES = 1 << 20
_PERMANENT = frozenset({400, 405, 411, 413, 414, 415, 422, 431})
"""HTTP statuses that the same request gets again, when a proxy answers in place of ClickHouse."""


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """Where the server is and who asks."""

    url: str
    user: str = "default"
    password: str = ""
    database: str = "clew"
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    connect_timeout_s: float = 5.0
    insert_timeout_s: float = 120.0


class HttpEngine:
    """The `Engine` of a ClickHouse server. Thread-safe; connections are kept and shared."""

    kind = "http"

    def __init__(self, config: HttpConfig) -> None:
        """Prepare the client; nothing is sent before the first call."""
        self.config = config
        headers = {"X-ClickHouse-User": config.user}
        if config.password:
            headers["X-ClickHouse-Key"] = config.password
        self._client = httpx.Client(
            base_url=config.url,
            headers=headers,
            verify=str(config.ca_file) if config.ca_file else True,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=2.5),
        )

    def prepare(self) -> None:
        """Check that the server answers, and make the database when it is missing."""
        name = self.config.database.replace("`", "")
        self._post(f"CREATE DATABASE IF NOT EXISTS `{name}`", "execute", Limits(), database="default")

    def execute(self, sql: str, params: Mapping[str, Param] | None = None, *, timeout_s: float = 60.0) -> None:
        """Run a statement without a result."""
        limits = Limits(timeout_s=timeout_s)
        self._post(sql, "execute", limits, params=params, settings={"max_execution_time": timeout_s})

    def insert(self, table: str, source: InsertSource, *, token: str) -> None:
        """Send an Arrow stream as the body of one INSERT; see `Engine.insert`."""
        url = _url(self.config.database, insert_settings(token), {"query": f"INSERT INTO {table} FORMAT ArrowStream"})
        timeout = self._timeout(self.config.insert_timeout_s)
        with (
            _body(source) as body,
            _network(),
            self._client.stream("POST", url, content=body, timeout=timeout) as answer,
        ):
            answer.read()
            _raise_for(answer, "insert", None)

    def query(
        self,
        sql: str,
        params: Mapping[str, Param] | None = None,
        *,
        limits: Limits | None = None,
        query_id: str = "",
    ) -> Result:
        """Run a SELECT; the server holds the answer back until it is whole, so an error is never half an answer."""
        limits = limits or Limits()
        answer = self._post(
            f"{sql}\nFORMAT ArrowStream",
            "read",
            limits,
            params=params,
            settings={**QUERY_BASE, **limit_settings(limits), "wait_end_of_query": 1},
            query_id=query_id,
        )
        if not answer.content:  # even an answer without rows has a schema
            raise EngineUnavailableError("ClickHouse gave no answer", hint="Ask again; see the log of the server.")
        return Result(pa.ipc.open_stream(answer.content).read_all(), _stats(answer))

    def stream(
        self,
        sql: str,
        params: Mapping[str, Param] | None = None,
        *,
        limits: Limits | None = None,
        query_id: str = "",
        told: Callable[[QueryStats], None] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Run a SELECT and yield its batches; closing the connection ends the query on the server."""
        limits = limits or Limits()
        settings = {**QUERY_BASE, **limit_settings(limits), "cancel_http_readonly_queries_on_client_close": 1}
        url = _url(self.config.database, settings, _named(params, query_id))
        content = f"{sql}\nFORMAT ArrowStream".encode()
        timeout = self._timeout(limits.timeout_s)
        with _network(), self._client.stream("POST", url, content=content, timeout=timeout) as answer:
            if answer.status_code != httpx.codes.OK or _CODE_HEADER in answer.headers:
                answer.read()
                _raise_for(answer, "read", limits)
            if told is not None:
                told(_stats(answer))
            body = BodyReader(answer.iter_bytes(_CHUNK_BYTES))
            try:
                yield from body.batches()
            except pa.ArrowInvalid as error:
                raise body.failure(limits) from error
            if not body.complete:
                raise body.failure(limits)

    def cancel(self, query_id: str) -> None:
        """End a query; see `Engine.cancel`."""
        with contextlib.suppress(QueryError):
            self._post(f"KILL QUERY WHERE query_id = {literal(query_id)} ASYNC", "execute", Limits())

    def close(self) -> None:
        """Close the connections; safe twice."""
        self._client.close()

    def _timeout(self, seconds: float) -> httpx.Timeout:
        return httpx.Timeout(seconds + _GRACE_S, connect=self.config.connect_timeout_s)

    def _post(
        self,
        sql: str,
        action: Action,
        limits: Limits,
        *,
        params: Mapping[str, Param] | None = None,
        settings: Settings | None = None,
        query_id: str = "",
        database: str = "",
    ) -> httpx.Response:
        url = _url(database or self.config.database, settings or {}, _named(params, query_id))
        with _network():
            answer = self._client.post(url, content=sql.encode(), timeout=self._timeout(limits.timeout_s))
        _raise_for(answer, action, limits)
        return answer


def _named(params: Mapping[str, Param] | None, query_id: str) -> dict[str, str]:
    named = {f"param_{name}": value for name, value in bind(params).items()}
    if query_id:
        named["query_id"] = query_id
    return named


def _url(database: str, settings: Settings, named: Mapping[str, str]) -> httpx.URL:
    values = {"database": database, **{name: str(value) for name, value in settings.items()}, **named}
    return httpx.URL("/", params=values)


@contextlib.contextmanager
def _body(source: InsertSource) -> Iterator[Iterator[bytes]]:
    """Give the bytes of an Arrow stream piece by piece, from the file as it is."""
    with contextlib.ExitStack() as stack:
        if isinstance(source, ArrowFile):
            file: io.BufferedIOBase = stack.enter_context(source.path.open("rb"))
        else:
            file = stack.enter_context(io.BytesIO(_encode(source)))
        yield iter(lambda: file.read(_CHUNK_BYTES), b"")


def _encode(source: ArrowBatches) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, source.batches[0].schema) as writer:
        for batch in source.batches:
            writer.write_batch(batch)
    return memoryview(sink.getvalue())


@contextlib.contextmanager
def _network() -> Iterator[None]:
    """Turn every failure of the connection into the retryable error; what the server did is unknown."""
    try:
        yield
    except (httpx.TransportError, httpx.StreamError) as error:
        raise EngineUnavailableError(
            f"ClickHouse does not answer: {type(error).__name__}: {error}",
            hint="Check storage.url and that the server runs; Clew tries again by itself.",
        ) from error


def _raise_for(answer: httpx.Response, action: Action, limits: Limits | None) -> None:
    """Raise what an answer says went wrong; a proxy's answer has no number of ClickHouse."""
    code = answer.headers.get(_CODE_HEADER, "")
    if answer.status_code == httpx.codes.OK and not code:
        return
    text = answer.text.strip()[:2000] or f"HTTP {answer.status_code}"
    if code.isdigit():
        raise failure(text, action, limits=limits, code=int(code))
    raise _proxy_failure(answer.status_code, text, action)


def _proxy_failure(status: int, text: str, action: Action) -> StoreError:
    detail = f"HTTP {status}: {text}"
    if status not in _PERMANENT:
        return EngineUnavailableError(detail)
    return InsertRefusedError(detail) if action == "insert" else QueryError(detail)


def _stats(answer: httpx.Response) -> QueryStats:
    try:
        summary = json.loads(answer.headers.get("X-ClickHouse-Summary", "{}"))
        return QueryStats(
            int(summary.get("read_rows", 0)),
            int(summary.get("read_bytes", 0)),
            int(summary.get("elapsed_ns", 0)) / 1e9,
        )
    except (ValueError, TypeError, AttributeError):
        return QueryStats(0, 0, 0.0)
