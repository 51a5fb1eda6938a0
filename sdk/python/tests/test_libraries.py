from __future__ import annotations

import json
import subprocess
import sys

from clew_sdk.instrument import State, libraries
from clew_sdk.instrument.command import main

KNOWN = [
    {"library": "flask >= 1.0", "instrumentation": "opentelemetry-instrumentation-flask==1"},
    {"library": "fastapi ~= 0.92", "instrumentation": "opentelemetry-instrumentation-fastapi==1"},
    {"library": "starlette >= 0.13", "instrumentation": "opentelemetry-instrumentation-starlette==1"},
    {"library": "PyMySQL < 2", "instrumentation": "opentelemetry-instrumentation-pymysql==1"},
    {"library": "pydantic >= 1.10.2", "instrumentation": "opentelemetry-instrumentation-tortoiseorm==1"},
    {"library": "not a requirement !", "instrumentation": "x"},
]
HAVE = {
    "flask": "3.0",
    "opentelemetry-instrumentation-flask": "1",
    "fastapi": "0.100",
    "starlette": "1.0",
    "pymysql": "2.1",
    "pydantic": "2.0",
}


def test_each_library_has_one_state():
    """Traced, missing, covered by another, unfit: each with its reason; what is not installed is not listed."""
    found = {one.name: one for one in libraries(HAVE, KNOWN, {})}
    assert {name: one.state for name, one in found.items()} == {
        "fastapi": State.MISSING,
        "flask": State.TRACED,
        "PyMySQL": State.UNFIT,
        "starlette": State.COVERED,
    }
    assert found["PyMySQL"].why == "PyMySQL 2.1 is not <2"
    assert found["starlette"].why == "fastapi makes its spans"


def test_a_disabled_instrumentation_covers_nothing():
    """What the environment switches off is told, and what it covered is traced itself."""
    environ = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "flask, fastapi"}
    found = {one.name: one.state for one in libraries(HAVE, KNOWN, environ)}
    assert (found["flask"], found["fastapi"], found["starlette"]) == (State.DISABLED, State.DISABLED, State.MISSING)


def test_the_doctor_names_what_to_install(capsys):
    """The command ends with 1 where something is missing, and prints the pip line, or JSON."""
    code = main(["doctor"])
    said = capsys.readouterr().out
    assert code == 1
    assert "flask" in said
    assert "not traced yet: pip install 'opentelemetry-instrumentation-" in said
    assert main(["doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {"celery", "flask", "requests"} <= {one["name"] for one in told["libraries"] if one["state"] == "traced"}
    assert told["install"]


def test_errors_of_the_command_line_say_what_to_do(capsys, monkeypatch):
    """No command, a program that is not there and a wrong variable each end with a code and a reason."""
    assert main([]) == 2
    assert main(["--no-install", "no-such-program-anywhere"]) == 127
    assert "no-such-program-anywhere: no such program" in capsys.readouterr().err
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "soon")
    assert main(["--no-install", "python"]) == 2
    assert "OTEL_BSP_SCHEDULE_DELAY='soon'" in capsys.readouterr().err


def test_the_entry_points_lead_to_what_they_name():
    """Distro, configurator, exporter, propagators and samplers can all be loaded by their names."""
    program = """
from importlib.metadata import entry_points
groups = ("distro", "configurator", "traces_exporter", "propagator", "traces_sampler")
points = [p for g in groups for p in entry_points(group=f"opentelemetry_{g}") if p.value.startswith("clew_sdk")]
assert len(points) == 12, points
for point in points:
    assert callable(point.load()), point
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
