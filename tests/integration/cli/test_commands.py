"""Every sub-command against a running Clew."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.cli.main import run
from clew.testing import RunningClew, coverage_flags


@pytest.fixture(scope="module")
def clew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClew]:
    """Run Clew with a few hundred spans in it."""
    with RunningClew(tmp_path_factory.mktemp("clew"), interpreter=coverage_flags()) as running:
        assert run(["load", "--endpoint", running.otlp_http_url, "--traces", "40", "--seed", "5"]) == 0
        running.wait_drained()
        yield running
        assert running.stop() == 0, running.log()


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> object:
    """Run a command that has to succeed and return the JSON that it prints."""
    capsys.readouterr()
    assert run([*arguments]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_status_carries_the_ledger(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """`clew status --json` has ledger.received, stored, pending, sampled_out, rejected and lost; it ends with 0."""
    status = answer(capsys, "status", "--json", "--wait", "10", "--url", clew.url)
    ledger = status["ledger"]
    assert ledger["received"] == sum(ledger[part] for part in ("stored", "pending", "sampled_out", "rejected", "lost"))
    assert ledger["stored"] > 200
    assert run(["status", "--url", clew.url]) == 0
    shown = capsys.readouterr().out
    assert "is ready" in shown
    assert f"received {ledger['received']:,}" in shown


def test_load_says_what_was_acknowledged(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """At a rate, compressed, over either protocol: the report counts what the ledger then holds."""
    before = clew.wait_drained()["ledger"]["received"]
    acked = 0
    for protocol, endpoint in (("http", clew.otlp_http_url), ("grpc", clew.otlp_grpc_url)):
        flags = ["--endpoint", endpoint, "--protocol", protocol, "--rate", "2000", "--seconds", "0.5", "--gzip"]
        report = answer(capsys, "load", "--json", *flags)
        assert report["failed"] == 0
        assert report["ack_p99_ms"] >= report["ack_p50_ms"] > 0
        acked += report["spans_acked"]
    assert clew.wait_drained()["ledger"]["received"] == before + acked


def test_load_sends_one_big_trace(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """`--big-trace` sends one trace of exactly so many spans and prints its id."""
    report = answer(capsys, "load", "--json", "--big-trace", "3000", "--endpoint", clew.otlp_http_url)
    clew.wait_drained()
    summary = clew.get(f"/traces/{report['trace_id']}/summary")["data"]
    assert (summary["spans"], summary["roots"], summary["missing_parents"]) == (3000, 1, 0)


def test_query_takes_structure_and_explains_itself(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """`clew query` takes the whole language, and with `--explain` shows plan, SQL and what was read."""
    text = "{ kind = server } >> { kind = client } | count() > 1"
    rows = answer(capsys, "query", "--json", "-n", "3", text, "--url", clew.url)["data"]["traces"]
    assert len(rows) == 3
    assert all(one["spansets"][0]["matched"] > 1 for one in rows)
    assert run(["query", "--explain", text, "--url", clew.url]) == 0
    shown = capsys.readouterr().out
    for word in ("candidates: traces with", "verdicts", "FROM spans"):
        assert word in shown
    steps = answer(capsys, "query", "--explain", "--json", text, "--url", clew.url)["data"]["steps"]
    assert all(one["runs"] >= 1 for one in steps)


def test_query_finds_by_flags_and_by_text(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags and text are two forms of one query; rows are tab-separated where output is no terminal."""
    by_flags = answer(capsys, "query", "--json", "--service", "checkout", "--kind", "server", "--url", clew.url)
    text = '{ resource.service.name = "checkout" && kind = server }'
    by_text = answer(capsys, "query", "--json", text, "--url", clew.url)
    ids = [row["trace_id"] for row in by_flags["data"]["traces"]]
    assert ids
    assert ids == [row["trace_id"] for row in by_text["data"]["traces"]]
    assert run(["query", "--service", "checkout", "-n", "1", "--url", clew.url]) == 0
    out, err = capsys.readouterr()
    assert out.split("\t")[-1].strip() == ids[0]
    assert "traces" in err


def test_query_shows_series(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """A metrics query gives a line per series, as JSON its points."""
    text = "{ } | count_over_time() by (resource.service.name)"
    found = answer(capsys, "query", "--json", "--step", "5m", text, "--url", clew.url)["data"]
    assert found["step_ms"] == 300_000
    assert run(["query", text, "--url", clew.url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(found["series"]) > 1
    assert any(line.startswith("resource.service.name=checkout\t") for line in lines)


def test_a_wrong_query_says_where(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """The problem of the API reaches the terminal with its hint, and the exit code is 1."""
    assert run(["query", "{ status = broken }", "--url", clew.url]) == 1
    assert capsys.readouterr().err.startswith("clew: ")


def test_an_unknown_trace_ends_with_four(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """Export and delete of a trace that is not there say so."""
    assert run(["export", "--trace", "abc", "--url", clew.url]) == 4
    assert run(["delete", "--trace", "abc", "--yes", "--url", clew.url]) == 4
    assert "Traceback" not in capsys.readouterr().err


def test_export_and_import_are_inverse(clew: RunningClew, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is exported as lines, or as protobuf, can be imported: reads still show every span once."""
    rows = answer(capsys, "query", "--json", "-n", "3", "--service", "cart", "--url", clew.url)["data"]["traces"]
    lines, one = tmp_path / "traces.jsonl", tmp_path / "trace.pb"
    query = '{ resource.service.name = "cart" }'
    assert run(["export", "--query", query, "--limit", "3", "-o", str(lines), "--url", clew.url]) == 0
    trace = rows[0]["trace_id"]
    assert run(["export", "--trace", trace, "--format", "otlp-proto", "-o", str(one), "--url", clew.url]) == 0
    assert len(lines.read_text().splitlines()) == 3
    imported = answer(capsys, "import", "--json", str(lines), str(one), "--endpoint", clew.otlp_http_url)
    assert imported == {"requests": 4, "rejected": 0, "failed": 0}
    clew.wait_drained()
    again = clew.get(f"/traces/{trace}/export?format=otlp-json")
    assert run(["delete", "--trace", trace, "--yes", "--url", clew.url]) == 0
    assert run(["import", str(one), "--endpoint", clew.otlp_http_url]) == 0
    clew.wait_drained()
    restored = clew.get(f"/traces/{trace}/export?format=otlp-json")
    spans = [s["spanId"] for group in again["resourceSpans"] for scope in group["scopeSpans"] for s in scope["spans"]]
    assert len(spans) == len(set(spans)) == rows[0]["spans"]
    assert restored == again


def test_delete_removes_a_trace(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """After `clew delete --trace` no read finds it."""
    rows = answer(capsys, "query", "--json", "-n", "1", "--url", clew.url)["data"]["traces"]
    trace = rows[0]["trace_id"]
    assert run(["delete", "--trace", trace, "--yes", "--url", clew.url]) == 0
    assert run(["export", "--trace", trace, "--url", clew.url]) == 4


def test_nothing_is_in_quarantine(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """`clew journal retry` says how many segments are back in line."""
    assert answer(capsys, "journal", "retry", "--json", "--url", clew.url) == {"segments": 0}


def test_a_backup_can_be_restored(clew: RunningClew, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A backup made while Clew runs brings all traces into another data directory."""
    stored = clew.wait_drained()["ledger"]["stored"]
    path = clew.data_dir / "engine" / "backups" / "one"
    assert run(["backup", str(path), "--url", clew.url]) == 0, capsys.readouterr().err
    other = RunningClew(tmp_path / "other")
    target = tmp_path / "moved" / "one"
    target.parent.mkdir(parents=True)
    path.rename(target)
    missing = other.clew("restore", str(tmp_path / "nothing"), "--data-dir", str(other.data_dir))
    assert missing.returncode == 1
    assert "is no directory" in missing.stderr
    done = other.clew("restore", str(target), "--data-dir", str(other.data_dir))
    assert done.returncode == 0, done.stderr
    trace = answer(capsys, "query", "--json", "-n", "1", "--url", clew.url)["data"]["traces"][0]["trace_id"]
    with other:
        found = other.get(f"/traces/{trace}/summary")["data"]
        assert found["spans"] > 0
        assert other.status()["ledger"]["received"] == 0
        assert stored > 0
        assert other.stop() == 0
    again = other.clew("migrate", "--data-dir", str(other.data_dir))
    assert (again.returncode, again.stdout) == (0, "nothing to do\n")


def test_the_demo_application_sends_traces(clew: RunningClew) -> None:
    """The demo's services send real traces with the real SDK: a purchase crosses all four of them."""
    command = [sys.executable, "-m", "clew.testing.demo", "--endpoint", clew.otlp_http_url, "--rate", "50"]
    subprocess.run([*command, "--visits", "25", "--seed", "3"], check=True, timeout=60)
    clew.wait_drained()
    query = '{ resource.service.name = "payment" && resource.service.namespace = "demo" }'
    rows = clew.post("/search", {"q": query})["data"]["traces"]
    assert rows
    assert {one["service"] for one in rows[0]["services"]} == {"frontend", "catalog", "checkout", "payment"}
    assert rows[0]["root_service"] == "frontend"
