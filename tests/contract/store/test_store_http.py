"""What only the way over HTTP can do wrong."""

from __future__ import annotations

import pytest

from clew.model import SPANS
from clew.store import ArrowBatches, EngineUnavailableError, InsertRefusedError, QueryError, migrate
from clew.store.arrow_http import BodyReader
from clew.store.engine import Limits
from clew.store.http import HttpConfig, HttpEngine
from clew.store.migrations import MIGRATIONS

PASSWORD = "a secret"


@pytest.fixture
def at(front_url):
    """Return an engine at a path of the front."""
    opened = []

    def make(path="", password=PASSWORD):
        opened.append(HttpEngine(HttpConfig(f"{front_url}/{path}", password=password, database="other")))
        return opened[-1]

    yield make
    for engine in opened:
        engine.close()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_proxy_that_cannot_reach_the_server_may_be_asked_again(at, rows, status):
    """A status without a number of ClickHouse that may pass is the retryable error, for reads and inserts."""
    engine = at(f"refuse-{status}/")
    with pytest.raises(EngineUnavailableError, match=str(status)):
        engine.query("SELECT 1")
    with pytest.raises(EngineUnavailableError, match=str(status)):
        engine.insert("spans", ArrowBatches([rows(SPANS, 2)]), token="t")


@pytest.mark.parametrize("status", [400, 413])
def test_a_proxy_that_refuses_the_request_is_permanent(at, rows, status):
    """A body that a proxy will never take is not sent for ever."""
    engine = at(f"refuse-{status}/")
    with pytest.raises(QueryError):
        engine.query("SELECT 1")
    with pytest.raises(InsertRefusedError):
        engine.insert("spans", ArrowBatches([rows(SPANS, 2)]), token="t")


def test_a_broken_connection_may_be_tried_again(at, rows):
    """No answer at all is the retryable error, for every kind of call."""
    engine = at("cut/")
    calls = [
        lambda: engine.query("SELECT 1"),
        lambda: list(engine.stream("SELECT 1")),
        lambda: engine.execute("SELECT 1"),
        lambda: engine.insert("spans", ArrowBatches([rows(SPANS, 2)]), token="t"),
    ]
    for call in calls:
        with pytest.raises(EngineUnavailableError) as raised:
            call()
        assert "storage.url" in raised.value.hint


def test_a_server_that_is_not_there_may_be_tried_again():
    """A refused connection is the retryable error."""
    engine = HttpEngine(HttpConfig("http://127.0.0.1:1"))
    with pytest.raises(EngineUnavailableError):
        engine.prepare()
    engine.close()


def test_a_wrong_password_waits_for_the_right_one(at):
    """What is refused for its password is kept and tried again, since a person can correct it."""
    with pytest.raises(EngineUnavailableError, match="Authentication"):
        at(password="wrong").query("SELECT 1")


def test_the_database_is_made_when_it_is_missing(at):
    """A server without Clew's database gets it with the first migration."""
    assert migrate(at()).applied == tuple(step.name for step in MIGRATIONS)


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (b"", EngineUnavailableError),
        (b"\r\n__exception__\r\ntag\r\nCode: 241. DB::Exception: no memory\n32 tag\r\n__exception__\r\n", QueryError),
        (b"Code: 395. DB::Exception: thrown", QueryError),
    ],
)
def test_an_answer_without_its_end_is_an_error(end, error):
    """Bytes that stop before Arrow's end of stream are never taken for the whole answer."""
    body = BodyReader(iter([end]))
    while body.read(100):
        pass
    assert body.complete == (end == b"")
    assert isinstance(body.failure(Limits()), error)
