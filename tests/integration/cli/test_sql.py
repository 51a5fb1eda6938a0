"""`clew sql` against a running Clew."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from clew.cli.main import run
from clew.testing import RunningClew, coverage_flags

BY_SERVICE = "SELECT service, count() AS spans FROM spans GROUP BY service ORDER BY spans DESC, service"


@pytest.fixture(scope="module")
def clew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClew]:
    """Run Clew with a few hundred spans in it."""
    with RunningClew(tmp_path_factory.mktemp("clew"), interpreter=coverage_flags()) as running:
        assert run(["load", "--endpoint", running.otlp_http_url, "--traces", "40", "--seed", "5"]) == 0
        running.wait_drained()
        yield running
        assert running.stop() == 0, running.log()


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run `clew sql`; return exit code, standard output and standard error."""
    capsys.readouterr()
    code = run(["sql", *arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_rows_as_a_table_and_as_json(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows come under their columns, JSON has the envelope; standard error says what was read."""
    code, out, err = said(capsys, BY_SERVICE, "--url", clew.url)
    table = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    assert "rows read" in err
    code, out, _ = said(capsys, BY_SERVICE, "--json", "--url", clew.url)
    assert [[name, str(count)] for name, count in json.loads(out)["data"]["rows"]] == table


def test_files(clew: RunningClew, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`--output` writes a Parquet file that others read; CSV has a header."""
    target = tmp_path / "rows.parquet"
    assert said(capsys, BY_SERVICE, "-f", "parquet", "-o", str(target), "--url", clew.url)[0] == 0
    assert pq.read_table(target).column_names == ["service", "spans"]


def test_plots(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """`--plot` draws bars over names and lines over times."""
    service = json.loads(said(capsys, BY_SERVICE, "--json", "--url", clew.url)[1])["data"]["rows"][0][0]
    assert service in said(capsys, BY_SERVICE, "--plot", "--url", clew.url)[1]
    over_time = "SELECT toStartOfSecond(start) AS t, count() AS n FROM spans GROUP BY t ORDER BY t"
    code, out, _ = said(capsys, over_time, "--plot", "--url", clew.url)
    assert code == 0
    assert len(out.splitlines()) > 10


def test_views(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """`--views` lists the views, and the columns of one."""
    assert "otel_traces" in said(capsys, "--views", "--url", clew.url)[1]
    assert "duration_ms" in said(capsys, "--views", "spans", "--url", clew.url)[1]
    assert said(capsys, "--views", "nothing", "--url", clew.url)[0] == 2


def test_errors_point_at_the_place(clew: RunningClew, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong query is shown with a mark under what is wrong, and what is allowed."""
    code, _, err = said(capsys, "SELECT *\nFROM system.tables", "--url", clew.url)
    lines = err.splitlines()
    assert code == 1
    assert lines[0] == "FROM system.tables"
    assert lines[1] == "     ^^^^^^^^^^^^^"
    assert "spans" in lines[-1]


def test_the_prompt(clew: RunningClew, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a query, queries and commands are read until the end; an error does not end it."""
    queries = "SELECT wrong\nFROM spans;\nSELECT 40 + 2;\nSELECT service, 1 AS one FROM spans LIMIT 1\n\n"
    typed = f"\\d\n\\d red\n{queries}\\p\n\\q\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    code, out, err = said(capsys, "--url", clew.url)
    assert code == 0
    assert "otel_traces" in out
    assert "minute" in out
    assert "42" in out
    assert "one" in out
    assert "^^^^^" in err
