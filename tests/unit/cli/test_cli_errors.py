from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clew.cli import reference
from clew.cli.exits import Exit
from clew.cli.main import COMMANDS, run
from clew.cli.output import human_bytes, human_ns
from clew.testing import free_port

ROOT = Path(__file__).resolve().parents[3]


def test_nobody_at_the_url_says_how_to_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 3, the text names the URL and the way out, and there is no traceback."""
    url = f"http://127.0.0.1:{free_port()}"
    assert run(["status", "--url", url]) == Exit.NOT_READY
    told = capsys.readouterr().err
    assert url in told
    assert "clew up" in told
    assert "Traceback" not in told


def test_errors_are_json_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json an error is an object on standard error with a stable code."""
    assert run(["status", "--json", "--url", f"http://127.0.0.1:{free_port()}"]) == Exit.NOT_READY
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err)["error"]["code"] == "unreachable"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["status", "--nonsense"],
        ["query", "--status", "erro"],
        ["export"],
        ["export", "--trace", "1", "--query", "{ }"],
        ["export", "--trace", "xyz"],
        ["export", "--trace", "1", "--format", "csv"],
        ["delete", "--trace", "xyz", "--yes"],
        ["query", "{ }", "--service", "a"],
        ["status", "--url", "ftp://somewhere"],
        ["load", "--protocol", "carrier-pigeon"],
        ["import", "--format", "csv", "x"],
        ["up", "--ui-port", "70000"],
    ],
)
def test_wrong_arguments_end_with_two(arguments: list[str]) -> None:
    """A usage error never reaches the network."""
    assert run(arguments) == Exit.USAGE


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """`clew --help` lists every sub-command, and each has a help text of its own."""
    assert run(["--help"]) == Exit.OK
    listed = capsys.readouterr().out
    for name in COMMANDS:
        assert name in listed
        assert run([name, "--help"]) == Exit.OK
        assert "Usage" in capsys.readouterr().out


def test_the_reference_is_current() -> None:
    """docs/reference/cli.md is what the commands say, exit codes included."""
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert page == reference.render()
    for code in Exit:
        assert f"| {code.value} |" in page


def test_a_wrong_configuration_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`clew config check` names the key, the value and the nearest right key."""
    path = tmp_path / "clew.yaml"
    path.write_text("storage:\n  retention_day: 3\n")
    assert run(["config", "check", "--config", str(path)]) == Exit.USAGE
    told = capsys.readouterr().err
    assert "storage.retention_day" in told
    assert "retention_days" in told


def test_the_configuration_in_effect_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File and defaults are both in it; secrets are not."""
    path = tmp_path / "clew.yaml"
    path.write_text("tokens:\n  - {name: ci, token: very-secret}\n")
    assert run(["config", "show", "--json", "--config", str(path)]) == Exit.OK
    text = capsys.readouterr().out
    shown = json.loads(text)
    assert shown["listen"]["ui"]["port"] == 4319
    assert shown["tokens"][0]["name"] == "ci"
    assert "very-secret" not in text


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """`clew config schema` prints the committed JSON Schema."""
    assert run(["config", "schema"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == json.loads((ROOT / "schemas" / "config.schema.json").read_text())


def test_the_command_line_starts_without_the_engine() -> None:
    """Importing the entry point loads neither the engine, nor the API, nor gRPC."""
    heavy = ("chdb", "fastapi", "grpc", "httpx", "rich")
    code = f"import sys, clew.cli.main; print(*[m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 << 40, "3.0 TiB")])
def test_sizes_are_readable(size: int, text: str) -> None:
    """A size has the largest unit that keeps it at one or more."""
    assert human_bytes(size) == text


@pytest.mark.parametrize(("ns", "text"), [(7, "7 ns"), (1500, "1.5 us"), (2_000_000, "2 ms"), (1.25e9, "1.25 s")])
def test_durations_are_readable(ns: float, text: str) -> None:
    """A duration has the unit that fits."""
    assert human_ns(ns) == text
