"""Queries that try to take everything, beside spans that keep coming in."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from clew.testing import RunningClew

HOSTILE = {
    "regular expressions": """SELECT countIf(match(concat(status_message, repeat(toString(attributes), 2000)),
        '(a*)*(b|c|d)*(x+x+)+y')) FROM spans a CROSS JOIN (SELECT arrayJoin(range(10000))) AS b""",
    "a regular expression too large": "SELECT match(name, '((x{1,900}){1,900}){1,900}') FROM spans",
    "a cross join": """SELECT sum(cityHash64(a.span_id, b.span_id, c.span_id, d.span_id))
        FROM spans a, spans b, spans c, spans d""",
    "a cross join without end": """SELECT a.span_id, b.span_id AS x FROM spans a CROSS JOIN spans b
        ORDER BY cityHash64(a.span_id, b.span_id)""",
    "a giant range": "SELECT sum(cityHash64(arrayJoin(range(100000000)))) FROM spans",
    "a range of filled rows": """SELECT minute, sum(spans) AS n FROM red GROUP BY minute ORDER BY minute
        WITH FILL FROM toDateTime(0) TO toDateTime(4000000000) STEP 1""",
    "two million groups": """SELECT x, count() FROM (SELECT arrayJoin(range(2000000)) AS x FROM spans LIMIT 5000000)
        GROUP BY x""",
    "all of memory": "SELECT length(groupArray(repeat(attributes['none'] || span_id, 100000))) FROM spans a, traces b",
    "endless recursion": "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
}
CONFIG = {
    "query": {"timeout_s": 4, "readers": 2, "queue": 4, "max_memory_bytes": 256 << 20},
    "storage": {"max_memory_bytes": 2 << 30},
}
CLEAR = {"query_limit", "invalid_query", "busy", "displaced", "sql_refused"}


@pytest.fixture(scope="module")
def clew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClew]:
    """Run Clew with small limits and some spans to read."""
    with RunningClew(tmp_path_factory.mktemp("hostile"), config=CONFIG) as running:
        send(running, seconds=2, rate=5000)
        running.wait_drained()
        yield running


def send(clew: RunningClew, *, seconds: float, rate: float, seed: int = 1) -> dict[str, Any]:
    """Send spans at a rate from a process of its own; return its report."""
    flags = ["--rate", str(rate), "--seconds", str(seconds), "--seed", str(seed), "--concurrency", "4"]
    sent = clew.clew("load", "--json", "--endpoint", clew.otlp_http_url, *flags)
    assert sent.returncode == 0, sent.stderr
    report: dict[str, Any] = json.loads(sent.stdout)
    return report


def ask(clew: RunningClew, sql: str) -> tuple[int, dict[str, Any]]:
    """Send a query; return the status and the body."""
    try:
        return 200, clew.post("/sql", {"sql": sql, "limit": 1000})
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def attack(clew: RunningClew, until: threading.Event) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Send all hostile queries, again and again; yield what each came to."""
    while not until.is_set():
        for name, sql in HOSTILE.items():
            status, body = ask(clew, sql)
            yield name, status, body
            if status in {429, 503}:
                time.sleep(0.1)
            if until.is_set():
                return


@pytest.mark.slow
def test_hostile_queries_do_not_disturb_ingest(clew: RunningClew) -> None:
    """Each ends with a clear error or a marked answer, every acknowledged span is stored, acknowledgements go on."""
    alone = send(clew, seconds=5, rate=2000, seed=2)
    done = threading.Event()
    with ThreadPoolExecutor(6) as pool:
        attackers = [pool.submit(lambda: list(attack(clew, done))) for _ in range(6)]
        time.sleep(1)
        beside = send(clew, seconds=15, rate=2000, seed=3)
        done.set()
        outcomes = [outcome for attacker in attackers for outcome in attacker.result()]
    for name, status, body in outcomes:
        if status == 200:
            assert name in {"a range of filled rows", "regular expressions"}, name
            assert body["meta"]["truncated"] or body["meta"]["total"]["exact"]
        else:
            assert body["code"] in CLEAR, (name, body)
            assert body["hint"]
    limits = {body["errors"][0]["limit"] for _, _, body in outcomes if body.get("code") == "query_limit"}
    assert {"time", "memory"} <= limits
    assert beside["failed"] == 0
    assert beside["spans_acked"] == beside["spans_sent"]
    # the sender keeps its rate, with wide room for a machine that does nine queries beside it
    assert beside["acked_spans_per_s"] > alone["acked_spans_per_s"] / 2
    ledger = clew.wait_drained(120)["ledger"]
    assert ledger["lost"] == 0
    assert ledger["received"] == ledger["stored"] + ledger["rejected"]
    _, body = ask(clew, "SELECT sum(spans) FROM red WHERE minute > '2000-01-01 00:00:00'")
    assert body["data"]["rows"][0][0] == ledger["stored"]


def test_each_hostile_query_alone_ends_clearly(clew: RunningClew) -> None:
    """One after the other, each gives an error that names the limit, and the next plain query works at once."""
    for name, sql in HOSTILE.items():
        status, body = ask(clew, sql)
        assert status in {200, 400, 422}, (name, body)
        if status != 200:
            assert body["code"] in CLEAR, (name, body)
        assert ask(clew, "SELECT count() FROM spans")[0] == 200, name


def test_a_client_that_goes_away_ends_its_query(clew: RunningClew) -> None:
    """Closing the connection of a running query frees its reader and counts it as cancelled."""
    body = json.dumps({"sql": HOSTILE["a cross join"], "format": "csv"}).encode()
    head = f"POST /api/v1/sql HTTP/1.1\r\nhost: 127.0.0.1:{clew.ui_port}\r\ncontent-type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", clew.ui_port)) as link:
        link.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(0.5)
        assert b"clew_query_running 1.0" in clew.fetch("/metrics")
    for _ in range(100):
        if b"clew_query_running 0.0" in clew.fetch("/metrics"):
            break
        time.sleep(0.02)
    text = clew.fetch("/metrics").decode()
    assert "clew_query_running 0.0" in text
    assert 'clew_query_cancelled_total{kind="sql"}' in text
